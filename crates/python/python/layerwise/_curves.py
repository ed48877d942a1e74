"""Curves of other programs in the long format: ``metric``, ``step``, ``value``, ``seed``, ``index``."""

from __future__ import annotations

import csv
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = ("variant", "seed", "metric", "index", "step", "flow_time", "value")
NEEDED = ("metric", "step", "value")


def _columns(table: Any) -> dict[str, list[Any]]:
    """The columns of a data frame of pandas or polars, of a mapping of columns, or of a list of rows."""
    if hasattr(table, "columns") and hasattr(table, "__getitem__"):
        names = [str(name) for name in table.columns]
        return {name: list(table[name]) for name in names}
    if isinstance(table, Mapping):
        columns = {str(name): list(column) for name, column in table.items()}
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the columns of the curves differ in length: {lengths}")
        return columns
    if isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
        names = list(dict.fromkeys(name for row in table for name in row))
        return {name: [row.get(name) for row in table] for name in names}
    raise TypeError(f"curves cannot be read from a {type(table).__name__}. Give a data frame, a mapping of columns, or a "
                    "list of rows")


def _text(value: Any, column: str, row: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    number = float(value)
    if column in ("seed", "index", "step"):
        if not number.is_integer():
            raise ValueError(f"{column} in row {row} of the curves is {value}: must be a whole number")
        return str(int(number))
    return "" if column == "flow_time" and np.isnan(number) else repr(number)


def write_csv(table: Any, file: str | os.PathLike[str]) -> None:
    """Writes curves in the long format, as ``run --curves MODEL=FILE.csv`` reads them.

    Raises
    ------
    ValueError
        A column is missing, or a step is not a whole number.
    """
    columns = _columns(table)
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ValueError(f"the curves have no column {', '.join(missing)}, only {', '.join(columns)}. They need metric, "
                         "step and value, one row for each number; melt a wide table first")
    names = [name for name in COLUMNS if name in columns]
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        for row, cells in enumerate(zip(*(columns[name] for name in names), strict=True), start=1):
            writer.writerow([_text(cell, name, row) for name, cell in zip(names, cells, strict=True)])


def _seed_of(run: str) -> int | None:
    """The seed in the name of a run: ``seed-3``, ``seed=3``, ``s3``, or a final number."""
    found = re.search(r"seed[-_=]?(\d+)", run, re.IGNORECASE) or re.search(r"(\d+)$", run)
    return int(found.group(1)) if found else None


def _metric_of(tag: str) -> tuple[str, int]:
    """Metric and index of a tag such as ``eval/skill_strength_3``."""
    name = tag.rsplit("/", 1)[-1]
    found = re.fullmatch(r"(.*?)[_.\-](\d+)", name)
    return (found.group(1), int(found.group(2))) if found else (name, 0)


def _records(path: Path) -> Iterator[bytes]:
    """The records of a TensorBoard event file; an unfinished last record is left out."""
    data = path.read_bytes()
    at = 0
    while at + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        if at + 12 + length + 4 > len(data):
            return
        yield data[at + 12: at + 12 + length]
        at += 12 + length + 4


def _fields(message: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a protocol buffer: number, wire type and value."""
    at = 0

    def varint() -> int:
        nonlocal at
        number, shift = 0, 0
        while True:
            if at >= len(message) or shift > 63:
                raise ValueError("a record is damaged")
            byte = message[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def take(count: int) -> bytes:
        nonlocal at
        if at + count > len(message):
            raise ValueError("a record is damaged")
        at += count
        return message[at - count: at]

    while at < len(message):
        key = varint()
        number, kind = key >> 3, key & 7
        if kind == 0:
            yield number, kind, varint()
        elif kind == 1:
            yield number, kind, take(8)
        elif kind == 2:
            yield number, kind, take(varint())
        elif kind == 5:
            yield number, kind, take(4)
        else:
            raise ValueError("a record is damaged")


_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}


def _tensor(message: bytes) -> float | None:
    """The number in a tensor of one entry, as TensorFlow 2 writes scalars."""
    dtype, content, number = 0, b"", None
    for field, kind, value in _fields(message):
        if field == 1 and kind == 0:
            dtype = value
        elif field == 4:
            content = value
        elif field == 5:
            number = struct.unpack("<f", value[:4])[0]
        elif field == 6:
            number = struct.unpack("<d", value[:8])[0]
    if content and dtype in _DTYPES:
        array = np.frombuffer(content, dtype=_DTYPES[dtype])
        number = float(array[0]) if array.size == 1 else None
    return number


def _scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    """Step, tag and value of every scalar in a TensorBoard event file."""
    for record in _records(path):
        step, summaries = 0, []
        for field, kind, value in _fields(record):
            if field == 2 and kind == 0:
                step = value
            elif field == 5 and kind == 2:
                summaries.append(value)
        for summary in summaries:
            for field, kind, value in _fields(summary):
                if field != 1 or kind != 2:
                    continue
                tag, number = "", None
                for inner, inner_kind, content in _fields(value):
                    if inner == 1 and inner_kind == 2:
                        tag = content.decode("utf-8", "replace")
                    elif inner == 2 and inner_kind == 5:
                        number = struct.unpack("<f", content)[0]
                    elif inner == 8 and inner_kind == 2:
                        number = _tensor(content)
                if tag and number is not None:
                    yield step, tag, number


def from_tensorboard(path: str | os.PathLike[str], *, metrics: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Curves in the long format from TensorBoard event files, without TensorBoard.

    Parameters
    ----------
    path : path
        An event file, or a folder whose subfolders are runs.
    metrics : mapping, optional
        Tags and the metrics that they are, as ``METRIC`` or ``METRIC/INDEX``; other tags are left out. Without it, the
        last part of a tag is the metric, and a number at its end the index: ``eval/skill_strength_3``.

    Returns
    -------
    list of dict
        Rows with ``seed`` (from the name of the run, or 0), ``metric``, ``index``, ``step`` and ``value``; for
        ``overlay(…, curves=rows)``, or for a data frame.

    Raises
    ------
    ValueError
        There is no event file, a file is damaged, or two runs have one seed.
    """
    root = Path(path)
    files = sorted(root.rglob("*tfevents*")) if root.is_dir() else [root]
    files = [file for file in files if file.is_file()]
    if not files:
        raise ValueError(f"{root}: holds no TensorBoard event file (events.out.tfevents.…)")
    curves: dict[tuple[int, str, int, int], float] = {}
    run_of_seed: dict[int, str] = {}
    for file in files:
        run = "" if file == root else file.parent.relative_to(root).as_posix()
        seed = _seed_of(run) if run not in ("", ".") else 0
        seed = 0 if seed is None else seed
        if run_of_seed.setdefault(seed, run) != run:
            raise ValueError(f"{root}: the runs {run_of_seed[seed]!r} and {run!r} have both seed {seed}. Name their folders "
                             "seed-0, seed-1, …, or read them one by one")
        try:
            for step, tag, value in _scalars(file):
                metric, index = _named(tag, metrics)
                if metric is not None:
                    curves[seed, metric, index, step] = value
        except (ValueError, struct.error) as error:
            raise ValueError(f"{file}: is not a complete event file: {error}") from None
    if not curves:
        raise ValueError(f"{root}: holds no scalar" + (" of these metrics" if metrics else ""))
    return [{"seed": seed, "metric": metric, "index": index, "step": step, "value": value}
            for (seed, metric, index, step), value in sorted(curves.items())]


def _named(tag: str, metrics: Mapping[str, str] | None) -> tuple[str | None, int]:
    if metrics is None:
        return _metric_of(tag)
    if tag not in metrics:
        return None, 0
    metric, _, index = metrics[tag].partition("/")
    return metric, int(index or 0)


def from_wandb(history: Any, *, seed: int = 0, metrics: Mapping[str, str] | None = None,
               step: str | None = None) -> list[dict[str, Any]]:
    """Curves in the long format from the history of a wandb run.

    Parameters
    ----------
    history : data frame, list of rows or path
        What ``run.history()`` or ``run.scan_history()`` of wandb returns, or a CSV file of it.
    seed : int
        Seed of the run.
    metrics : mapping, optional
        As in ``from_tensorboard``.
    step : str, optional
        Column of the training steps; by default ``global_step``, else ``trainer/global_step``, else ``_step``, else
        ``Step``. wandb's own ``_step`` counts calls of ``log``.

    Returns
    -------
    list of dict
        Rows as from ``from_tensorboard``.

    Raises
    ------
    ValueError
        There is no column of steps, or no number.
    """
    if isinstance(history, (str, os.PathLike)):
        with open(history, newline="", encoding="utf-8") as file:
            history = list(csv.DictReader(file))
    columns = _columns(history if hasattr(history, "columns") or isinstance(history, Mapping) else list(history))
    usual = ("global_step", "trainer/global_step", "_step", "Step", "step")
    column = step if step is not None else next((name for name in usual if name in columns), None)
    if column is None or column not in columns:
        raise ValueError(f"the history has no column of training steps{'' if step is None else f' {step!r}'}, only "
                         f"{', '.join(columns)}. Name it with step=")
    rows = []
    for tag, values in columns.items():
        if tag == column or tag in usual or tag.startswith("_"):
            continue
        metric, index = _named(tag, metrics)
        if metric is None:
            continue
        for at, value in zip(columns[column], values, strict=True):
            try:
                number, place = float(value), float(at)
            except (TypeError, ValueError):
                continue
            # A row of the history has only the values of one call of `log`.
            if not np.isnan(number) and place.is_integer():
                rows.append({"seed": seed, "metric": metric, "index": index, "step": int(place), "value": number})
    if not rows:
        raise ValueError("the history holds no number" + (" of these metrics" if metrics else ""))
    return rows
