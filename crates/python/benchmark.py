"""Times `layerwise.measure` beside the same metrics in NumPy, each in a process of its own.

    python crates/python/benchmark.py [ROWS WIDTH CLASSES]

NumPy's program is the short one: it works in the precision of the features where that is safe, takes the
spectrum from the Gram matrix rather than from a singular value decomposition of all rows, and lets LAPACK
use all cores.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import numpy as np


def inputs(rows: int, width: int, classes: int) -> tuple[np.ndarray, ...]:
    """Features `[rows, width]` in f32 around class means, labels, and a classifier."""
    random = np.random.default_rng(0)
    labels = np.arange(rows) % classes
    means = random.normal(size=(classes, width)).astype(np.float32)
    features = means[labels]
    for start in range(0, rows, 1000):
        part = features[start:start + 1000]
        part += 0.3 * random.standard_normal(size=part.shape, dtype=np.float32)
    return features, labels, means - means.mean(0), np.zeros(classes, np.float32)


def by_layerwise(features, labels, weight, bias) -> dict[str, float]:
    import layerwise
    return layerwise.measure(features, labels, weight, bias).to_dict()


def by_numpy(features, labels, weight, bias) -> dict[str, float]:
    """NC1 to NC4, accuracies, ranks and the split of the variance, in f64 as `measure` does."""
    h, w = features.astype(np.float64), weight.astype(np.float64)
    rows, classes = len(h), len(w)
    counts = np.bincount(labels, minlength=classes)
    order = np.argsort(labels, kind="stable")
    means = np.add.reduceat(h[order], np.concatenate([[0], np.cumsum(counts)[:-1]])) / counts[:, None]
    centre = means.mean(0)
    m = means - centre
    within = h - means[labels]
    s_w, s_b = within.T @ within / rows, m.T @ m / classes
    norms = np.linalg.norm(m, axis=1)
    cosines = (m / norms[:, None]) @ (m / norms[:, None]).T
    pairs = cosines[~np.eye(classes, dtype=bool)]
    logits = h @ w.T + bias
    closeness = h @ means.T - 0.5 * (means**2).sum(1)
    chosen, nearest = logits.argmax(1), closeness.argmax(1)
    centred = h - h.mean(0)
    singular = np.sqrt(np.maximum(np.linalg.eigvalsh(centred.T @ centred), 0))
    share = singular**2 / (singular**2).sum()
    basis = np.linalg.svd(w - w.mean(0), full_matrices=False)[2][:classes - 1]
    gram = m @ m.T
    return {
        "nc1": np.trace(s_w @ np.linalg.pinv(s_b, rcond=1e-10, hermitian=True)) / classes,
        "nc1_quotient": np.trace(s_w) / np.trace(s_b),
        "nc2_equinorm_means": norms.std(ddof=1) / norms.mean(),
        "nc2_equiangular_means": np.abs(pairs + 1 / (classes - 1)).mean(),
        "nc2_etf_means": np.linalg.norm(gram / np.linalg.norm(gram) - (np.eye(classes) - 1 / classes) / np.sqrt(classes - 1)),
        "nc3": np.linalg.norm(w / np.linalg.norm(w) - m / np.linalg.norm(m)),
        "nc4": (chosen != nearest).mean(),
        "accuracy": (chosen == labels).mean(), "nearest_mean_accuracy": (nearest == labels).mean(),
        "effective_rank": np.exp(-(share * np.log(np.where(share > 0, share, 1))).sum()),
        "within_inside": np.trace(basis @ s_w @ basis.T),
    }


def measured(program: str, shape: tuple[int, int, int]) -> dict:
    """Seconds of the fastest of three calls, by the clock and of all processors together, and the memory that
    the calls took beyond their input."""
    given = inputs(*shape)
    call = {"layerwise": by_layerwise, "numpy": by_numpy}[program]
    call(*(array[:64] for array in given[:2]), given[2], given[3]) if shape[2] <= 64 else call(*inputs(500, 8, 3))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, busy = [], []
    for _ in range(3):
        start, start_busy = time.perf_counter(), time.process_time()
        found = call(*given)
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - start_busy)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": min(seconds), "busy": min(busy), "memory": (after - before) * 1024 / given[0].nbytes,
            "numbers": {name: float(value) for name, value in found.items() if isinstance(value, (int, float, np.number))}}


def overhead() -> float:
    """Microseconds of a call on four rows."""
    import layerwise
    features, labels = np.array([[1.0], [3.0], [-1.0], [-3.0]]), np.array([0, 0, 1, 1])
    best = float("inf")
    for _ in range(50):
        start = time.perf_counter()
        for _ in range(100):
            layerwise.measure(features, labels)
        best = min(best, (time.perf_counter() - start) / 100)
    return best * 1e6


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measured(sys.argv[2], tuple(map(int, sys.argv[3:6])))))
        return
    shape = tuple(map(int, sys.argv[1:4])) or (50_000, 512, 100)
    found = {}
    for program in ("layerwise", "numpy"):
        command = [sys.executable, __file__, "--one", program, *map(str, shape)]
        found[program] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        one = found[program]
        print(f"{program:<10} {one['seconds']:6.2f} s, {one['busy']:6.2f} s of processors, memory beyond the input: "
              f"{one['memory']:5.2f} times the input")
    worst = max(abs(found["layerwise"]["numbers"][name] - value) / max(abs(value), 1e-9)
                for name, value in found["numpy"]["numbers"].items())
    print(f"largest relative difference of {len(found['numpy']['numbers'])} numbers: {worst:.1e}")
    print(f"overhead of a call on four rows: {overhead():.0f} µs")


if __name__ == "__main__":
    main()
