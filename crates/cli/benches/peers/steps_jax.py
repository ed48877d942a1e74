"""Full-batch SGD steps of a two-layer ReLU net in JAX: jit + lax.scan, f32, mean squared error.

usage: steps_jax.py < cases

Every line of the input is a case, ROWS INPUTS HIDDEN OUTPUTS dense|pairs SECONDS, and is answered by
one JSON line with microseconds per member-step, medians of 5 repeats of about SECONDS:
  one          one member, with all threads that XLA takes
  two_vmapped  two members in one program, per member
  two_threads  two members in two Python threads (XLA runs outside the interpreter's lock), per member
"""
import json
import os
import sys
import threading
import time
from typing import NamedTuple

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import numpy as np

LEARNING_RATE = 1e-5
REPEATS = 5


class Case(NamedTuple):
    rows: int
    inputs: int
    hidden: int
    outputs: int
    kind: str
    seconds: float


def member(case, seed):
    """Parameters and rows."""
    draw = np.random.default_rng(seed)
    normal = lambda *shape: draw.standard_normal(shape).astype(np.float32)
    parameters = [
        normal(case.inputs, case.hidden) * (2 / case.inputs) ** 0.5,
        np.zeros(case.hidden, np.float32),
        normal(case.hidden, case.outputs) * (2 / case.hidden) ** 0.5,
        np.zeros(case.outputs, np.float32),
    ]
    one_hot = lambda columns: np.eye(columns, dtype=np.float32)[
        draw.integers(0, columns, case.rows)
    ]
    if case.kind == "pairs":
        inputs = np.concatenate([one_hot(case.inputs // 2), one_hot(case.inputs // 2)], 1)
    else:
        inputs = normal(case.rows, case.inputs)
    targets = one_hot(case.outputs) if case.outputs > 1 else normal(case.rows, 1)
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


def answer(case):
    first, second = member(case, 0), member(case, 1)
    few = 4
    once = median_micros(few, lambda f=program(few): jax.block_until_ready(f(*first))) / 1e6
    steps = max(int(case.seconds / once), few)

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
    return {"peer": "jax", "version": jax.__version__, "steps": steps, "micros": found}


for line in sys.stdin:
    *sizes, kind, seconds = line.split()
    case = Case(*(int(size) for size in sizes), kind, float(seconds))
    print(json.dumps(answer(case)), flush=True)
    jax.clear_caches()
