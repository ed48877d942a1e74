"""Full-batch SGD steps of a two-layer ReLU net in eager PyTorch, f32, mean squared error.

usage: steps_torch.py ROWS INPUTS HIDDEN OUTPUTS dense|pairs SECONDS

Prints one JSON line with microseconds per member-step, medians of 5 repeats of about SECONDS:
  one          one member, with as many threads as PyTorch takes
  two_threads  two members in two Python threads with one thread each, per member
"""
import json
import sys
import threading
import time
from statistics import median

import torch
from torch import nn

ROWS, INPUTS, HIDDEN, OUTPUTS = (int(word) for word in sys.argv[1:5])
KIND, SECONDS = sys.argv[5], float(sys.argv[6])
LEARNING_RATE = 1e-5
REPEATS = 5


def one_hot(columns):
    return torch.eye(columns)[torch.randint(columns, (ROWS,))]


def member():
    """A function that takes so many steps of a new net."""
    if KIND == "pairs":
        inputs = torch.cat([one_hot(INPUTS // 2), one_hot(INPUTS // 2)], 1)
    else:
        inputs = torch.randn(ROWS, INPUTS)
    targets = one_hot(OUTPUTS) if OUTPUTS > 1 else torch.randn(ROWS, 1)
    net = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, OUTPUTS))
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


def main():
    torch.manual_seed(0)
    first, second = member(), member()
    once = median_micros(3, first) / 1e6
    steps = max(int(SECONDS / once), 3)
    micros = {"one": median_micros(steps, first)}

    def two_threads(steps):
        work = [threading.Thread(target=train, args=(steps,)) for train in (first, second)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()

    torch.set_num_threads(1)
    micros["two_threads"] = median_micros(steps, two_threads) / 2
    found = {"peer": "torch", "version": torch.__version__, "steps": steps, "micros": micros}
    print(json.dumps(found))


main()
