"""Full-batch SGD steps of a two-layer ReLU net in JAX: jit + lax.scan, f32, mean squared error.

usage: steps_jax.py ROWS INPUTS HIDDEN OUTPUTS dense|pairs SECONDS

Prints one JSON line with microseconds per member-step, medians of 5 repeats of about SECONDS:
  one          one member, with all threads that XLA takes
  two_vmapped  two members in one program, per member
  two_threads  two members in two Python threads (XLA runs outside the interpreter's lock), per member
"""
import json
import os
import sys
import threading
import time

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import numpy as np

ROWS, INPUTS, HIDDEN, OUTPUTS = (int(word) for word in sys.argv[1:5])
KIND, SECONDS = sys.argv[5], float(sys.argv[6])
LEARNING_RATE = 1e-5
REPEATS = 5


def member(seed):
    """Parameters and rows."""
    draw = np.random.default_rng(seed)
    normal = lambda *shape: draw.standard_normal(shape).astype(np.float32)
    parameters = [
        normal(INPUTS, HIDDEN) * (2 / INPUTS) ** 0.5,
        np.zeros(HIDDEN, np.float32),
        normal(HIDDEN, OUTPUTS) * (2 / HIDDEN) ** 0.5,
        np.zeros(OUTPUTS, np.float32),
    ]
    one_hot = lambda columns: np.eye(columns, dtype=np.float32)[draw.integers(0, columns, ROWS)]
    if KIND == "pairs":
        inputs = np.concatenate([one_hot(INPUTS // 2), one_hot(INPUTS // 2)], 1)
    else:
        inputs = normal(ROWS, INPUTS)
    targets = one_hot(OUTPUTS) if OUTPUTS > 1 else normal(ROWS, 1)
    return jax.device_put((parameters, inputs, targets))


def loss(parameters, inputs, targets):
    w1, b1, w2, b2 = parameters
    outputs = jax.nn.relu(inputs @ w1 + b1) @ w2 + b2
    return jnp.mean((outputs - targets) ** 2)


def trained(steps, parameters, inputs, targets):
    def step(parameters, _):
        gradient = jax.grad(loss)(parameters, inputs, targets)
        return [p - LEARNING_RATE * g for p, g in zip(parameters, gradient)], None

    return jax.lax.scan(step, parameters, None, length=steps)[0]


def program(steps, members=None):
    """The compiled loop; compilation is not timed."""
    loop = lambda *arguments: trained(steps, *arguments)
    return jax.jit(loop if members is None else jax.vmap(loop))


def median_micros(steps, run):
    run()  # compiles
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e6 * float(np.median(times)) / steps


def main():
    first, second = member(0), member(1)
    few = 4
    once = median_micros(few, lambda f=program(few): jax.block_until_ready(f(*first))) / 1e6
    steps = max(int(SECONDS / once), few)

    one = program(steps)
    both = jax.tree.map(lambda *values: jnp.stack(values), first, second)
    vmapped = program(steps, members=2)

    def two_threads():
        work = [
            threading.Thread(target=lambda m=m: jax.block_until_ready(one(*m)))
            for m in (first, second)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()

    found = {
        "one": median_micros(steps, lambda: jax.block_until_ready(one(*first))),
        "two_vmapped": median_micros(steps, lambda: jax.block_until_ready(vmapped(*both))) / 2,
        "two_threads": median_micros(steps, two_threads) / 2,
    }
    print(json.dumps({"peer": "jax", "version": jax.__version__, "steps": steps, "micros": found}))


main()
