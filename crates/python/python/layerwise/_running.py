"""Runs experiments, shipped and your own, and overlays your own nets on them."""

from __future__ import annotations

import datetime
import json
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import _curves, _layerwise
from ._arrays import whole
from ._progress import Bar
from ._recorded import Run, read


#: Number of notes that are shown one by one.
_SHOWN = 10


class RunInterrupted(KeyboardInterrupt):
    """The user stopped a run. ``run`` is what was recorded; the same call continues it."""

    def __init__(self, folder: Path):
        super().__init__(f"stopped; what was recorded is in {folder}. Repeat the call to continue")
        self.folder = folder

    @property
    def run(self) -> Run:
        """What was recorded."""
        return read(self.folder)


def experiments() -> list[dict[str, Any]]:
    """The shipped experiments: ``name``, ``title``, ``source``, ``claims``, and ``minutes`` on two cores."""
    return _layerwise.experiments()


def _toml(value: Any, key: str) -> str:
    """``value`` as TOML."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, os.PathLike):
        return _toml(os.fspath(value), key)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(k), key)} = {_toml(v, key)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) or hasattr(value, "tolist"):
        items = value.tolist() if hasattr(value, "tolist") else value
        return "[" + ", ".join(_toml(item, key) for item in items) + "]"
    if value is None:
        raise ValueError(f"{key} is None, but a spec has no such value. Leave the key out")
    raise TypeError(f"{key} is a {type(value).__name__}: must be a number, text, a truth value, a list or a table")


def _json(value: Any) -> Any:
    """What JSON does not know by itself: NumPy's numbers and arrays, and paths."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a spec cannot hold a {type(value).__name__}: must be a number, text, a truth value, a list or a table")


def _without_none(table: Mapping[str, Any], place: str = "") -> None:
    for key, value in table.items():
        if value is None:
            raise ValueError(f"{place}{key} is None, but a spec has no such value. Leave the key out")
        if isinstance(value, Mapping):
            _without_none(value, f"{place}{key}.")


def _seeds(seeds: int | Sequence[int] | None) -> tuple[int | None, list[str]]:
    """The number of seeds, and what sets the first of them."""
    if seeds is None:
        return None, []
    if not isinstance(seeds, Sequence):
        return whole(seeds, "seeds", 1), []
    listed = [whole(seed, "a seed") for seed in seeds]
    if not listed or listed != list(range(listed[0], listed[0] + len(listed))):
        raise ValueError(f"seeds is {listed}: must be a number of seeds, or seeds without gaps such as range(100, 108)")
    return len(listed), [f"training.first_seed={listed[0]}"]


def run(experiment: str | os.PathLike[str] | Mapping[str, Any], *, seeds: int | Sequence[int] | None = None,
        set: Mapping[str, Any] | None = None, quick: bool = False, out: str | os.PathLike[str] | None = None,
        threads: int | None = None, device: str | None = None, engine: str | None = None, fresh: bool = False,
        keep_weights: bool = False, progress: bool = True) -> Run:
    """Trains, measures, judges and draws an experiment, as ``layerwise run`` on the command line.

    A run that is complete is not trained again, and one that was interrupted continues, to the same bytes.

    Parameters
    ----------
    experiment : str, path or mapping
        A shipped experiment (``"emergence"``; ``layerwise.experiments()`` lists all), a spec file that ends in
        ``.toml``, or the tables of a spec as a dict.
    seeds : int or sequence of int, optional
        Number of seeds, or seeds without gaps such as ``range(100, 108)``.
    set : mapping, optional
        Keys of the spec and their values, for example ``{"training.lr": 0.1}``.
    quick : bool
        Run the small version of the spec.
    out : path, optional
        Run folder; by default ``runs/NAME``, or ``runs/NAME-quick``.
    threads : int, optional
        Worker threads; by default as many as there are cores.
    device, engine : str, optional
        As listed by ``layerwise devices``.
    fresh : bool
        Train every cell again.
    keep_weights : bool
        Keep the initial and final weights of every model.
    progress : bool
        Show a progress bar in a notebook or on a terminal.

    Returns
    -------
    Run
        The recorded run.

    Raises
    ------
    ValueError
        The spec or an option is wrong; nothing was trained.
    RuntimeError
        The run failed.
    RunInterrupted
        The user pressed Ctrl-C, or interrupted the kernel. It is a KeyboardInterrupt; its ``run`` is what was
        recorded.
    """
    return _run(experiment, seeds=seeds, set=set, quick=quick, out=out, threads=threads, device=device, engine=engine,
                fresh=fresh, keep_weights=keep_weights, progress=progress)


def _run(experiment: Any, *, seeds: Any, set: Mapping[str, Any] | None, quick: bool, out: Any, threads: int | None,
         device: str | None, engine: str | None, fresh: bool, keep_weights: bool, progress: bool,
         curves: Sequence[str] = (), checkpoints: Sequence[str] = (), layers: Sequence[str] | None = None) -> Run:
    count, first = _seeds(seeds)
    overrides = first + [f"{key}={_toml(value, key)}" for key, value in (set or {}).items()]
    if isinstance(experiment, Mapping):
        _without_none(experiment)
        name, spec = str(experiment.get("name", "experiment")), json.dumps(experiment, default=_json)
    else:
        name, spec = os.fspath(experiment), None
    threads = None if threads is None else whole(threads, "threads", 1)
    bar = Bar(name) if progress else None
    try:
        folder, complete, notes, stopped = _layerwise.run(
            name, spec, bar, count, overrides, quick, threads, device, engine,
            None if out is None else os.fspath(out), list(curves), list(checkpoints),
            None if layers is None else list(layers), keep_weights, fresh)
    finally:
        if bar is not None:
            bar.close()
    if stopped and not complete:
        raise RunInterrupted(Path(folder))
    for note in notes[:_SHOWN]:
        warnings.warn(note, stacklevel=3)
    if len(notes) > _SHOWN:
        warnings.warn(f"and {len(notes) - _SHOWN} more notes; see {folder}/manifest.json", stacklevel=3)
    return read(folder)


def overlay(experiment: str | os.PathLike[str] | Mapping[str, Any], *, checkpoints: Any = None, curves: Any = None,
            model: str = "net", layers: Sequence[str] | None = None, seeds: int | Sequence[int] | None = None,
            set: Mapping[str, Any] | None = None, quick: bool = False, out: str | os.PathLike[str] | None = None,
            threads: int | None = None, progress: bool = True) -> Run:
    """Puts your own net in the place of a model of an experiment, with theory, twin and verdicts.

    Parameters
    ----------
    experiment : str, path or mapping
        As in ``run``.
    checkpoints : path or Recorder, optional
        Folder of the weights of your net at several steps, as a ``Recorder`` writes them: ``step-00100.safetensors``
        and so on, or folders ``seed-0``, ``seed-1``, ….
    curves : data frame, mapping or path, optional
        Your measurements in the long format: columns ``metric``, ``step`` and ``value``, and ``seed``, ``index`` and
        ``variant`` if there are several. Or a CSV file of them, an export of TensorBoard or wandb, or a folder of
        exports.
    model : str
        Model of the spec that they replace.
    layers : sequence of str, optional
        Layers of the checkpoints from input to output, if names and shapes do not tell their order.
    out : path, optional
        Run folder; by default ``runs/NAME``.

    Returns
    -------
    Run
        The run, in which the model is your net.

    Raises
    ------
    ValueError
        Neither checkpoints nor curves are given, or they do not fit the experiment.
    """
    if (checkpoints is None) == (curves is None):
        raise ValueError("overlay needs either checkpoints or curves of your net")
    options: dict[str, Any] = {"seeds": seeds, "set": set, "quick": quick, "out": out, "threads": threads, "device": None,
                               "engine": None, "fresh": False, "keep_weights": False, "progress": progress}
    if checkpoints is not None:
        folder = os.fspath(getattr(checkpoints, "folder", checkpoints))
        return _run(experiment, checkpoints=[f"{model}={folder}"], layers=layers, **options)
    if layers is not None:
        raise ValueError("layers orders the layers of checkpoints, but curves have none. Leave it out")
    if isinstance(curves, (str, os.PathLike)):
        return _run(experiment, curves=[f"{model}={os.fspath(curves)}"], **options)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "curves.csv")
        _curves.write_csv(curves, file)
        return _run(experiment, curves=[f"{model}={file}"], **options)
