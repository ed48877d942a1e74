"""Collapse metrics, spectra, Fourier power, kernels and delays: against NumPy and the command line."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest
from conftest import document
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import layerwise
from layerwise import kernel


def dump(rows=300, width=20, classes=5, dtype=np.float32, seed=0):
    """Features around class means, labels, and a classifier."""
    random = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    means = random.normal(size=(classes, width))
    features = (means[labels] + 0.3 * random.normal(size=(rows, width))).astype(dtype)
    return features, labels, random.normal(size=(classes, width)).astype(dtype), random.normal(size=classes).astype(dtype)


def by_numpy(features, labels, weight, bias):
    """The same metrics with NumPy's linear algebra."""
    h, w, b = (array.astype(np.float64) for array in (features, weight, bias))
    classes, rows = len(w), len(h)
    means = np.stack([h[labels == c].mean(0) for c in range(classes)])
    centre = means.mean(0)
    m = means - centre
    within = h - means[labels]
    s_w, s_b = within.T @ within / rows, m.T @ m / classes
    nc1 = np.trace(s_w @ np.linalg.pinv(s_b, rcond=1e-10)) / classes
    norms = np.linalg.norm(m, axis=1)
    cosines = (m / norms[:, None]) @ (m / norms[:, None]).T
    pairs = cosines[~np.eye(classes, dtype=bool)]
    logits = h @ w.T + b
    distances = ((h[:, None] - means) ** 2).sum(-1)
    singular = np.linalg.svd(h - h.mean(0), compute_uv=False)
    share = singular**2 / (singular**2).sum()
    variances = np.array([(within[labels == c] ** 2).sum(1).mean() for c in range(classes)])
    apart = ((means[:, None] - means) ** 2).sum(-1)
    first, second = np.triu_indices(classes, 1)
    cdnv = ((variances[first] + variances[second]) / (2 * apart[first, second])).mean()
    def variation(values):
        return values.std(ddof=1) / abs(values.mean())

    def uniformity(vectors):
        units = vectors / np.linalg.norm(vectors, axis=1)[:, None]
        return variation(-np.log(np.linalg.norm(units[first] - units[second], axis=1)))

    alignment = (w * m).sum(1) / (np.linalg.norm(w, axis=1) * norms)
    return {
        "cdnv": cdnv,
        "gnc2_means": uniformity(m), "gnc2_weights": uniformity(w), "unc3": variation(alignment),
        "nc1": nc1, "nc1_papyan": nc1 * classes, "nc1_quotient": np.trace(s_w) / np.trace(s_b),
        "nc2_equinorm_means": norms.std(ddof=1) / norms.mean(),
        "nc2_equiangular_means": np.abs(pairs + 1 / (classes - 1)).mean(),
        "nc2_cosine_deviation_means": pairs.std(),
        "nc3": np.linalg.norm(w / np.linalg.norm(w) - m / np.linalg.norm(m)),
        "nc4": (logits.argmax(1) != distances.argmin(1)).mean(),
        "accuracy": (logits.argmax(1) == labels).mean(),
        "nearest_mean_accuracy": (distances.argmin(1) == labels).mean(),
        "effective_rank": np.exp(-(share * np.log(share)).sum()), "stable_rank": (singular**2).sum() / singular[0] ** 2,
    }


@pytest.mark.parametrize("rows, width, classes", [(300, 20, 5), (101, 3, 7), (40, 64, 4), (5000, 150, 10)])
def test_collapse_agrees_with_numpy(rows, width, classes):
    given = dump(rows, width, classes)
    found = layerwise.measure(*given)
    for name, expected in by_numpy(*given).items():
        if name == "nc1" and width < classes - 1:
            continue
        assert found[name] == pytest.approx(expected, rel=1e-7, abs=1e-12), name


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32])
@pytest.mark.parametrize("rows, width", [(300, 20), (3000, 40)])
def test_the_bits_are_those_of_the_command_line(tmp_path, dtype, rows, width):
    features, labels, weight, bias = dump(rows, width, seed=3)
    features = (100 * features).astype(dtype) if dtype is np.int32 else features.astype(dtype)
    file = tmp_path / "dump.npz"
    np.savez(file, features=features, labels=labels, weight=weight, bias=bias)
    printed = document("measure", str(file), "--metrics", "nc")
    found = layerwise.measure(features, labels, weight, bias).to_dict()
    assert len(found) > 25
    for name, value in found.items():
        assert value == printed[name], name


def test_strides_and_orders_do_not_change_a_bit():
    features, labels, weight, bias = dump(dtype=np.float64)
    expected = layerwise.measure(features, labels, weight, bias).to_dict()
    wide = np.zeros((600, 40))
    wide[::2, ::2] = features
    for same in (np.asfortranarray(features), wide[::2, ::2], features[::-1][::-1], features.tolist(),
                 features.astype(">f8")):
        assert layerwise.measure(same, labels, weight, bias).to_dict() == expected
    read_only = features.copy()
    read_only.flags.writeable = False
    assert layerwise.measure(read_only, labels.astype(np.int8), weight, bias).to_dict() == expected


class Tensor:
    """What PyTorch offers, as far as the package uses it."""

    def __init__(self, array, bf16=False):
        self.array, self.bf16 = array, bf16

    def detach(self):
        return self

    cpu = detach

    def float(self):
        return Tensor(self.array.astype(np.float32))

    def numpy(self):
        if self.bf16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


class OnlyDlpack:
    """An array of another library."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_arrays_of_other_libraries_are_read():
    features, labels, weight, bias = dump()
    expected = layerwise.measure(features, labels, weight, bias).to_dict()
    for wrap in (Tensor, lambda array: Tensor(array, bf16=True), OnlyDlpack):
        found = layerwise.measure(wrap(features), wrap(labels), wrap(weight), wrap(bias))
        assert found.to_dict() == expected


def test_bfloat16_keeps_its_precision():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    features, labels, weight, bias = dump()
    found = layerwise.measure(features.astype(ml_dtypes.bfloat16), labels, weight, bias)
    assert found.precision == "bf16"


def test_real_torch_tensors_are_read():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    features, labels, weight, bias = dump()
    given = [torch.from_numpy(array) for array in (features, labels, weight, bias)]
    given[0].requires_grad_(True)
    assert layerwise.measure(*given).to_dict() == layerwise.measure(features, labels, weight, bias).to_dict()
    assert layerwise.measure(given[0].bfloat16(), labels).precision == "bf16"


arrays = hnp.arrays(
    dtype=st.sampled_from([np.float64, np.float32, np.float16, np.int16, np.bool_, np.complex128, np.dtype("U3")]),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))


@settings(max_examples=300, deadline=None)
@given(arrays, arrays, st.none() | arrays, st.none() | arrays)
def test_any_array_gives_numbers_or_an_exception(features, labels, weight, bias):
    for call in (lambda: layerwise.measure(features, labels, weight, bias), lambda: layerwise.spectrum(features),
                 lambda: kernel.distance(features, labels), lambda: kernel.alignment(features, labels),
                 lambda: kernel.cka(features, labels), lambda: kernel.feature_cka(features, labels),
                 lambda: layerwise.delay(features, labels, labels), lambda: layerwise.fourier(features, 3)):
        try:
            call()
        except (ValueError, TypeError) as error:
            assert str(error)


@pytest.mark.parametrize("words, change", [
    ("[N, d]", {"features": np.zeros(3)}),
    ("must have rows and columns", {"features": np.zeros((0, 3)), "labels": np.zeros(0)}),
    ("one class for each row", {"labels": np.zeros(3)}),
    ('"features"[1, 2] is NaN: must be a finite number', {"features": np.where(np.arange(6000).reshape(300, 20) == 22, np.nan, 1)}),
    ('"features"[0, 0] is inf', {"features": np.full((300, 20), np.inf, np.float32)}),
    ('"labels"[0] is 0.5: must be a class', {"labels": np.full(300, 0.5)}),
    ('"labels"[0] is -1', {"labels": np.full(300, -1)}),
    ("must be [C, 20]", {"weight": np.zeros((5, 19))}),
    ('"labels"[3] is 3: must be below 3', {"weight": np.ones((3, 20)), "bias": None}),
    ('"bias" but no "weight"', {"weight": None}),
])
def test_errors_name_the_array_and_the_entry(words, change):
    given = dict(zip(("features", "labels", "weight", "bias"), dump()), **change)
    with pytest.raises(ValueError) as caught:
        layerwise.measure(**given)
    assert words in str(caught.value)


def test_numbers_that_are_not_defined_have_a_reason():
    found = layerwise.measure(np.ones((4, 2)), [0, 0, 1, 1])
    assert found.nc1 is None and "same in all rows" in found.undefined["nc1"]
    assert found.nc3 is None and "no classifier was given" in found.undefined["nc3"]
    assert "not defined" in repr(found) and "nc1" in found._repr_html_()
    with pytest.raises(AttributeError, match="no number has the name"):
        found.nc9


def test_two_threads_measure_at_once():
    given = dump(4000, 60, 10)
    expected = layerwise.measure(*given).to_dict()
    found = [None] * 4

    def work(place):
        for _ in range(5):
            found[place] = layerwise.measure(*given).to_dict()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one == expected for one in found)


def resident() -> int:
    """Memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def test_ten_thousand_calls_leak_nothing():
    given = dump(50, 8, 3)
    wrong = np.full((50, 8), np.nan)

    def calls(count):
        for _ in range(count):
            layerwise.measure(*given)
            layerwise.theory.linear_mode([0.0, 1.0], input_power=1, target=1)
            try:
                layerwise.measure(wrong, given[1])
            except ValueError:
                pass

    calls(500)
    gc.collect()
    tracemalloc.start()
    before, objects = resident(), tracemalloc.get_traced_memory()[0]
    calls(10_000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - objects
    tracemalloc.stop()
    assert grown < 100_000
    # One leaked array of features would be 16 MB.
    assert resident() - before < 8_000_000


def test_spectrum_agrees_with_numpy():
    matrix = np.random.default_rng(1).normal(size=(30, 12))
    found = layerwise.spectrum(matrix)
    singular = np.linalg.svd(matrix, compute_uv=False)
    np.testing.assert_allclose(found.singular_values, singular, rtol=1e-12)
    assert found.stable_rank == pytest.approx((singular**2).sum() / singular[0] ** 2)


def test_fourier_finds_the_frequencies_of_neurons(tmp_path):
    p = 11
    wave = np.stack([np.cos(2 * np.pi * k * np.arange(p) / p) for k in (2, 3, 2)])
    weight = np.concatenate([wave, wave], axis=1).astype(np.float32)
    found = layerwise.fourier(weight, p, "add")
    assert found.ipr == pytest.approx(1.0, abs=1e-6)
    assert [key["frequency"] for key in found.key_frequencies[:2]] == [2, 3]
    assert layerwise.fourier({"0.weight": weight, "2.weight": np.ones((p, 3), np.float32)}, p, "add").ipr == found.ipr
    with pytest.raises(ValueError, match="two one-hot residues"):
        layerwise.fourier(weight, 12)
    for wrong in (2.5, -3, 2**70, "11"):
        with pytest.raises(ValueError, match="modulus is "):
            layerwise.fourier(weight, wrong)


def test_kernels_agree_with_numpy():
    random = np.random.default_rng(2)
    x, y = random.normal(size=(30, 6)), random.normal(size=(30, 9))
    a, b = x @ x.T, y @ y.T
    cosine = (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)
    assert kernel.distance(a, b) == pytest.approx(1 - cosine, rel=1e-12)
    t = random.normal(size=30)
    assert kernel.alignment(a, t) == pytest.approx(t @ a @ t / np.linalg.norm(a) / (t @ t))
    centre = np.eye(30) - 1 / 30
    ca, cb = centre @ a @ centre, centre @ b @ centre
    cka = (ca * cb).sum() / np.linalg.norm(ca) / np.linalg.norm(cb)
    assert kernel.cka(a, b) == pytest.approx(cka) and kernel.feature_cka(x, y) == pytest.approx(cka)


def test_the_tangent_kernel_is_that_of_finite_differences():
    random = np.random.default_rng(4)
    state = {"0.weight": random.normal(size=(5, 3)), "0.bias": random.normal(size=5), "2.weight": random.normal(size=(2, 5))}
    inputs = random.normal(size=(4, 3))

    def outputs(state):
        return (np.tanh(inputs @ state["0.weight"].T + state["0.bias"]) @ state["2.weight"].T).T.ravel()

    columns = []
    for name, array in state.items():
        for at in np.ndindex(array.shape):
            moved = [{key: value.copy() for key, value in state.items()} for _ in range(2)]
            moved[0][name][at] += 1e-5
            moved[1][name][at] -= 1e-5
            columns.append((outputs(moved[0]) - outputs(moved[1])) / 2e-5)
    jacobian = np.stack(columns, axis=1)
    found = kernel.tangent(state, inputs, activation="tanh")
    np.testing.assert_allclose(found, jacobian @ jacobian.T, rtol=1e-7, atol=1e-9)
    with pytest.raises(ValueError, match="Choose one of: .*relu"):
        kernel.tangent(state, inputs, activation="swishy")


def test_delays_are_censored():
    steps = [0, 10, 20, 30]
    train = [0.1, 1.0, 1.0, 1.0]
    assert layerwise.delay(steps, train, [0.1, 0.2, 0.5, 0.97]) == layerwise.Delay(20.0, False, 10.0, 30.0)
    assert layerwise.delay(steps, train, [0.1, 0.2, 0.5, 0.6]) == layerwise.Delay(20.0, True, 10.0, None)
    assert layerwise.delay(steps, [0.1, 0.2, 0.2, np.nan], train).value is None
    with pytest.raises(ValueError, match="above the time before it"):
        layerwise.delay([0, 0], [1, 1], [1, 1])
