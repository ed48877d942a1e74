"""Full-batch SGD steps of a two-layer ReLU net in eager PyTorch, f32, mean squared error.

usage: steps_torch.py < cases

Every line of the input is a case, ROWS INPUTS HIDDEN OUTPUTS dense|pairs SECONDS, and is answered by
one JSON line with microseconds per member-step, medians of 5 repeats of about SECONDS:
  one          one member, with as many threads as PyTorch takes
  two_threads  two members in two Python threads with one thread each, per member
"""
import json
import sys
import threading
import time
from statistics import median
from typing import NamedTuple

import torch
from torch import nn

LEARNING_RATE = 1e-5
REPEATS = 5
THREADS = torch.get_num_threads()


class Case(NamedTuple):
    rows: int
    inputs: int
    hidden: int
    outputs: int
    kind: str
    seconds: float


def member(case):
    """A function that takes so many steps of a new net."""
    one_hot = lambda columns: torch.eye(columns)[torch.randint(columns, (case.rows,))]
    if case.kind == "pairs":
        inputs = torch.cat([one_hot(case.inputs // 2), one_hot(case.inputs // 2)], 1)
    else:
        inputs = torch.randn(case.rows, case.inputs)
    targets = one_hot(case.outputs) if case.outputs > 1 else torch.randn(case.rows, 1)
    net = nn.Sequential(
        nn.Linear(case.inputs, case.hidden), nn.ReLU(), nn.Linear(case.hidden, case.outputs)
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE)
    loss = nn.MSELoss()

    def train(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss(net(inputs), targets).backward()
            optimizer.step()

    return train


def median_micros(steps, run):
    run(3)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run(steps)
        times.append(time.perf_counter() - start)
    return 1e6 * median(times) / steps


def answer(case):
    torch.manual_seed(0)
    torch.set_num_threads(THREADS)
    first, second = member(case), member(case)
    once = median_micros(3, first) / 1e6
    steps = max(int(case.seconds / once), 3)
    micros = {"one": median_micros(steps, first)}

    def two_threads(steps):
        work = [threading.Thread(target=train, args=(steps,)) for train in (first, second)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()

    torch.set_num_threads(1)
    micros["two_threads"] = median_micros(steps, two_threads) / 2
    return {"peer": "torch", "version": torch.__version__, "steps": steps, "micros": micros}


for line in sys.stdin:
    *sizes, kind, seconds = line.split()
    case = Case(*(int(size) for size in sizes), kind, float(seconds))
    print(json.dumps(answer(case)), flush=True)
