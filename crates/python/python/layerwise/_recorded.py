"""A recorded run: its long table, verdicts and pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import _html, _layerwise


class Observations:
    """The long table of a run: one row for each measured or predicted number.

    Columns: ``run``, ``variant``, ``model``, ``metric`` (names); ``seed``, ``index``, ``step`` (counts);
    ``flow_time`` (NaN or null for Adam); ``value`` (the metric's own unit; inf for a time that was not
    reached, −inf for a time before the first record).

    The table offers the Arrow C interface, so that ``polars.DataFrame(table)``, ``pyarrow.table(table)``
    and DuckDB read it without a copy.
    """

    def __init__(self, table: _layerwise.Table):
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def to_numpy(self) -> dict[str, np.ndarray]:
        """The columns as arrays; names are arrays of str."""
        columns = {}
        for name, column in self._table.columns().items():
            if isinstance(column, tuple):
                codes, names = column
                column = np.array(names, dtype=object)[codes] if names else np.empty(0, dtype=object)
            columns[name] = column
        return columns

    def to_polars(self) -> Any:
        """A ``polars.DataFrame``, whose columns of names are categorical."""
        import polars
        return polars.DataFrame(self)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``, whose columns of names are categorical; needs no pyarrow."""
        import pandas
        columns = {}
        for name, column in self._table.columns().items():
            if isinstance(column, tuple):
                codes, names = column
                column = pandas.Categorical.from_codes(codes.astype(np.int32), names)
            columns[name] = column
        return pandas.DataFrame(columns)

    def curve(self, model: str, metric: str, *, index: int | None = None, variant: str = "base",
              seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Steps ``[T]`` and values ``[S, T]`` of a metric of a model in all seeds, or ``[T]`` in one.

        A metric with several indices needs ``index``. Rows at steps that not every seed recorded are NaN.
        """
        columns = self._table.columns()

        def is_name(column: str, wanted: str) -> np.ndarray:
            codes, names = columns[column]
            if wanted not in names:
                raise KeyError(f"the run has no {column} {wanted!r}. It has: {', '.join(names)}")
            return codes == names.index(wanted)

        chosen = is_name("model", model) & is_name("metric", metric) & is_name("variant", variant)
        if seed is not None:
            chosen &= columns["seed"] == seed
        indices = np.unique(columns["index"][chosen])
        if index is None and len(indices) > 1:
            raise ValueError(f"{metric} of {model} has the indices {indices.tolist()}. Choose one with index=")
        if index is not None:
            chosen &= columns["index"] == index
        if not chosen.any():
            raise KeyError(f"the run has no {metric} of {model} with this index and seed in the variant {variant!r}")
        step, seeds, value = (columns[name][chosen] for name in ("step", "seed", "value"))
        steps, at = np.unique(step, return_inverse=True)
        known, row = np.unique(seeds, return_inverse=True)
        values = np.full((len(known), len(steps)), np.nan)
        values[row, at] = value
        return steps, values[0] if seed is not None else values

    def __repr__(self) -> str:
        return f"<{len(self)} observations: run, variant, seed, model, metric, index, step, flow_time, value>"

    def _repr_html_(self) -> str:
        columns = self.to_numpy()
        head = list(columns)
        shown = [*range(min(5, len(self)))]
        rows = [[str(columns[name][row]) for name in head] for row in shown]
        return _html.table(head, rows, caption=f"{len(self)} observations, of which the first {len(shown)}")


class Verdict(Mapping):
    """The verdict of one claim. The entries of ``verdict.json`` are also attributes: ``id``,
    ``statement``, ``outcome``, ``word``, ``reason``, ``measured``, ``controls``, …."""

    def __init__(self, entries: dict[str, Any]):
        self._entries = entries

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_entries"][name]
        except KeyError:
            raise AttributeError(f"a verdict has no {name!r}, only {', '.join(self.__dict__.get('_entries', ()))}") from None

    def __getitem__(self, name: str) -> Any:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._entries]

    def __repr__(self) -> str:
        return f"<{self.id}: {self.word}: {self.statement}>"


class Figure:
    """A picture of a run: files ``svg`` and ``png``, with its title and caption."""

    def __init__(self, folder: Path, entry: dict[str, Any]):
        self.name, self.title, self.caption = entry["name"], entry["title"], entry["caption"]
        self.svg, self.png = folder / f"{self.name}.svg", folder / f"{self.name}.png"

    def exists(self) -> bool:
        """Whether it was drawn; a picture without data is not."""
        return self.svg.exists()

    def _repr_svg_(self) -> str | None:
        return self.svg.read_text(encoding="utf-8") if self.exists() else None

    def __repr__(self) -> str:
        return f"<figure {self.name}: {self.svg}>"


class Run:
    """A recorded run, read from its folder, whose files are checked against their checksums."""

    def __init__(self, path: str | os.PathLike[str]):
        self._recorded = _layerwise.Recorded(os.fspath(path))
        self._table: Observations | None = None

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self._recorded.path)

    @property
    def observations(self) -> Observations:
        """The long table: measured, derived and predicted numbers."""
        if self._table is None:
            self._table = Observations(self._recorded.observations())
        return self._table

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts of the claims, by the claim's short name."""
        return {claim["id"]: Verdict(claim) for claim in self._recorded.verdict()["claims"]}

    @property
    def leaderboards(self) -> list[dict[str, Any]]:
        """The leaderboards of explanations, as in ``verdict.json``."""
        return self._recorded.verdict().get("leaderboards", [])

    @property
    def figures(self) -> dict[str, Figure]:
        """The pictures, by name."""
        folder = self.path / "figures"
        return {entry["name"]: Figure(folder, entry) for entry in self._recorded.pictures()}

    @property
    def spec(self) -> dict[str, Any]:
        """The resolved spec."""
        return self._recorded.spec()

    @property
    def manifest(self) -> dict[str, Any]:
        """Origin of the run and how it ended: seeds, versions, device, wall time, cells."""
        return self._recorded.manifest()

    @property
    def complete(self) -> bool:
        """Whether every cell came to its end."""
        return (self.path / "DONE").exists()

    @property
    def report(self) -> Path:
        """The page of the run."""
        return self.path / "report.html"

    def __repr__(self) -> str:
        lines = [f"<run {self.manifest['name']} in {self.path}{'' if self.complete else ', not complete'}>"]
        lines += [f"  {verdict.id:<4} {verdict.word:<12}  {verdict.statement}" for verdict in self.verdicts.values()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [(verdict.id, verdict.word, verdict.statement, verdict.reason) for verdict in self.verdicts.values()]
        name = self.manifest["name"] + ("" if self.complete else " (not complete)")
        page = _html.table(("claim", "verdict", "statement", "reason"), rows, caption=name)
        for figure in self.figures.values():
            picture = figure._repr_svg_()
            if picture is not None:
                # The overlay is the first picture of an experiment.
                return page + f"<div>{picture}</div>"
        return page


def read(path: str | os.PathLike[str]) -> Run:
    """Reads a run folder such as ``runs/emergence``.

    Raises
    ------
    ValueError
        The folder holds no run, a file is damaged, or another version wrote it.
    """
    return Run(path)
