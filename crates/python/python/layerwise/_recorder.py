"""Writes the weights of a net while it trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from . import _safetensors


class Recorder:
    """Writes the weights of a net at chosen steps, as ``layerwise.overlay`` and ``layerwise run --checkpoints``
    read them.

    Parameters
    ----------
    folder : path
        Folder of the files ``step-00000.safetensors``, ``step-00100.safetensors`` and so on; it is created.
    every : "log", int, collection of int, or function
        At which steps to write: about ten per factor of ten in steps, at every multiple of a number, at
        these steps, or where the function of the step is true.
    seed : int, optional
        Writes into the subfolder ``seed-N``, so that several seeds lie side by side.

    Examples
    --------
    >>> import numpy as np, tempfile, layerwise
    >>> state = {"0.weight": np.ones((3, 2), np.float32), "2.weight": np.ones((1, 3), np.float32)}
    >>> with layerwise.Recorder(tempfile.mkdtemp(), every=10) as rec:
    ...     for step in range(25):
    ...         rec(state, step)
    >>> rec.steps
    [0, 10, 20]
    """

    def __init__(self, folder: str | os.PathLike[str], every: str | int | Collection[int] | Callable[[int], bool] = "log",
                 *, seed: int | None = None):
        self.folder = Path(folder)
        self._own = self.folder if seed is None else self.folder / f"seed-{int(seed)}"
        self._due = _schedule(every)
        self._last: tuple[Any, int] | None = None
        #: Steps that were written.
        self.steps: list[int] = []
        self._own.mkdir(parents=True, exist_ok=True)
        if any(self._own.glob("*.safetensors")):
            raise ValueError(f"{self._own}: holds weights already. Record into an empty folder")

    def __call__(self, net: Any, step: int) -> None:
        """Writes the weights of ``net`` (an object with ``state_dict()``, or a mapping of names to arrays) if
        ``step``, the number of training steps done, is due.
        """
        step = int(step)
        if step < 0:
            raise ValueError(f"step is {step}: must be 0 or more")
        if self._due(step):
            self.write(net, step)
        else:
            # The last step is always written; the net itself is kept, not its weights.
            self._last = (net, step)

    def write(self, net: Any, step: int) -> None:
        """Writes the weights at ``step``, due or not."""
        if step in self.steps:
            raise ValueError(f"step {step} is written already. Call the recorder once for each step")
        _safetensors.write(self._own / f"step-{step:05}.safetensors", _safetensors.state_of(net))
        self.steps.append(step)
        self._last = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._last is not None and kind is None and hasattr(self._last[0], "state_dict"):
            self.write(*self._last)


def _schedule(every: Any) -> Callable[[int], bool]:
    if every == "log":
        return is_logarithmic
    if callable(every):
        return every
    if isinstance(every, int) and not isinstance(every, bool):
        if every < 1:
            raise ValueError(f"every is {every}: must be 1 or more")
        return lambda step: step % every == 0
    if isinstance(every, str) or not isinstance(every, Collection):
        raise ValueError(f'every is {every!r}: must be "log", a number of steps, a collection of steps, or a function')
    steps = {int(step) for step in every}
    return lambda step: step in steps


def is_logarithmic(step: int) -> bool:
    """Whether ``step`` is one of 0 to 10, or the first step of a tenth of a decade above."""
    if step <= 10:
        return True
    decade = 10 ** (len(str(step)) - 1)
    return any(step == round(decade * 10 ** (tenth / 10)) for tenth in range(10))
