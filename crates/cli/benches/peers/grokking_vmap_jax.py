"""A sweep of grokking cells in JAX, all cells at once by vmap: addition modulo 23 by a two-layer net
with squared activation and without biases, 370 training pairs, full batch, AdamW, accuracy of the
training and test pairs at the end.

usage: grokking_vmap_jax.py CELLS STEPS

Prints one JSON line: seconds with compilation and without, and cells times steps per second of the
latter.
"""
import json
import os
import sys
import time

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import numpy as np

CELLS, STEPS = int(sys.argv[1]), int(sys.argv[2])
MODULUS, HIDDEN, TRAINED = 23, 200, 370
STD, SCALES = 0.06786, (0.25, 0.5, 0.75, 1.0)
RATE, BETA1, BETA2, EPSILON, DECAY = 5e-3, 0.9, 0.98, 1e-8, 1e-2


def cell(index):
    """Initial weights, and all pairs in an order of their own, the training pairs first."""
    draw = np.random.default_rng(index)
    scale = STD * SCALES[index % len(SCALES)]
    weights = [
        (scale * draw.standard_normal(shape)).astype(np.float32)
        for shape in ((2 * MODULUS, HIDDEN), (HIDDEN, MODULUS))
    ]
    a, b = np.divmod(draw.permutation(MODULUS**2), MODULUS)
    eye = np.eye(MODULUS, dtype=np.float32)
    return weights, np.concatenate([eye[a], eye[b]], 1), eye[(a + b) % MODULUS]


def outputs(weights, inputs):
    return jnp.square(inputs @ weights[0]) @ weights[1]


def loss(weights, inputs, targets):
    return jnp.mean(jnp.square(outputs(weights, inputs) - targets))


def accuracy(weights, inputs, targets):
    return jnp.mean(outputs(weights, inputs).argmax(1) == targets.argmax(1))


def train(weights, inputs, targets):
    def step(state, count):
        weights, means, squares = state
        gradient = jax.grad(loss)(weights, inputs[:TRAINED], targets[:TRAINED])
        means = [BETA1 * m + (1 - BETA1) * g for m, g in zip(means, gradient)]
        squares = [BETA2 * s + (1 - BETA2) * g * g for s, g in zip(squares, gradient)]
        first, second = 1 - BETA1**count, 1 - BETA2**count
        weights = [
            (1 - RATE * DECAY) * w - RATE * (m / first) / (jnp.sqrt(s / second) + EPSILON)
            for w, m, s in zip(weights, means, squares)
        ]
        return (weights, means, squares), None

    zeros = [jnp.zeros_like(w) for w in weights]
    counts = jnp.arange(1, STEPS + 1, dtype=jnp.float32)
    weights = jax.lax.scan(step, (weights, zeros, zeros), counts)[0][0]
    return (
        accuracy(weights, inputs[:TRAINED], targets[:TRAINED]),
        accuracy(weights, inputs[TRAINED:], targets[TRAINED:]),
    )


def main():
    start = time.perf_counter()
    cells = [cell(index) for index in range(CELLS)]
    cells = jax.tree.map(lambda *values: jnp.stack(values), *cells)
    compiled = jax.jit(jax.vmap(train)).lower(*cells).compile()
    begin = time.perf_counter()
    fitted, generalised = (np.asarray(values) for values in compiled(*cells))
    end = time.perf_counter()
    found = {
        "peer": "jax",
        "version": jax.__version__,
        "seconds": end - start,
        "seconds_without_compilation": end - begin,
        "cell_steps_per_second": CELLS * STEPS / (end - begin),
        "training_accuracy": float(fitted.mean()),
        "test_accuracy": float(generalised.mean()),
    }
    print(json.dumps(found))


main()
