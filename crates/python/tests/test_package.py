"""Stubs, docstrings and speed of calls."""

import doctest
import importlib
import inspect
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import layerwise

FOLDER = Path(__file__).parents[1]


def test_stubs_are_those_of_the_source():
    done = subprocess.run([sys.executable, str(FOLDER / "stubs.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["layerwise", "layerwise.theory", "layerwise.kernel", "layerwise._measured", "layerwise._recorder"])
def test_examples_in_docstrings_run(name):
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0 and done.failed == 0


def test_everything_public_is_documented():
    for name in layerwise.__all__:
        value = getattr(layerwise, name)
        assert name == "__version__" or inspect.getdoc(value), name
    assert (Path(layerwise.__file__).parent / "py.typed").exists()


def test_a_call_on_a_tiny_input_costs_less_than_50_microseconds():
    features, labels = np.array([[1.0], [3.0], [-1.0], [-3.0]]), np.array([0, 0, 1, 1])

    def seconds():
        start = time.perf_counter()
        for _ in range(200):
            layerwise.measure(features, labels)
        return (time.perf_counter() - start) / 200

    # The fastest of several, because the machine has other work.
    assert min(seconds() for _ in range(20)) < 50e-6
