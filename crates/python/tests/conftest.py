"""What the tests share."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

COMMAND = str(Path(sysconfig.get_path("scripts")) / "layerwise")
REPOSITORY = Path(__file__).parents[3]

TINY = {
    "name": "tiny", "title": "A small parity run", "summary": "For tests.", "source": "none", "minutes": 0.01,
    "task": {"kind": "multitask-parity", "skills": 2, "bits": 6, "bits_per_skill": 2, "alpha": 0.6, "target": 1.0,
             "data": {"mode": "fresh", "batch": 50}, "test": {"per_skill": 50}},
    "models": {"net": {"kind": "mlp", "widths": [16], "init": {"kind": "normal", "std": 0.1}},
               "twin": {"kind": "multilinear", "initial": 0.01}, "linear": {"kind": "linear-skills", "lr_scale": 0.1}},
    "predictions": {"theory": {"kind": "multilinear-skills", "initial": 0.01}},
    "training": {"seeds": 2, "steps": 60, "lr": 0.1},
    "measure": [{"kind": "skills", "schedule": {"kind": "linear", "every": 5}},
                {"kind": "loss", "schedule": {"kind": "ends"}}],
    "claims": [{"id": "T1", "statement": "The twin ends near its closed form", "source": "none", "metric": "skill_strength",
                "model": "twin", "statistic": {"kind": "largest-gap", "to": "theory", "metric": "skill_strength"},
                "threshold": {"below": 0.3},
                "controls": [{"name": "the linear model", "model": "linear", "must": "contradicted"}]}],
    "pictures": [{"name": "tiny", "title": "Strengths", "panels": [
        {"kind": "curves", "metric": "skill_strength", "x_label": "training step", "y_label": "strength",
         "layers": [{"model": "theory", "label": "theory"}, {"model": "net", "label": "net"}]}]}],
}
"""A spec that trains in a fraction of a second."""


def command(*arguments: str, **options) -> subprocess.CompletedProcess:
    """The command of this installation."""
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, **options)


def document(*arguments: str) -> dict:
    """What the command prints with ``--json``."""
    done = command("--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory):
    """A run of the tiny spec."""
    import layerwise
    return layerwise.run(TINY, out=tmp_path_factory.mktemp("tiny") / "run", progress=False)
