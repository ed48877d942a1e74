"""Collapse metrics, spectra, Fourier power, kernels and delays of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _html, _layerwise, _safetensors
from ._arrays import ArrayLike, as_f64, as_floats, as_numpy, whole


class Measured(Mapping):
    """Named numbers, also as attributes. A number that is not defined is None, and ``undefined`` gives
    the reason by name."""

    def __init__(self, title: str, numbers: dict[str, Any]):
        self._title, self._numbers = title, numbers

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_numbers"][name]
        except KeyError:
            known = ", ".join(self.__dict__.get("_numbers", ()))
            raise AttributeError(f"no number has the name {name!r}. There are: {known}") from None

    def __getitem__(self, name: str) -> Any:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._numbers]

    def __reduce__(self) -> tuple:
        return (type(self), (self._title, self._numbers))

    def to_dict(self) -> dict[str, Any]:
        """The numbers by name, with the keys that ``layerwise measure --json`` prints."""
        return dict(self._numbers)

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        undefined = self._numbers.get("undefined", {})
        for name, value in self._numbers.items():
            if name in undefined:
                yield name, "–", f"not defined: {undefined[name]}"
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                yield name, _html.number(value), _layerwise.meaning(name)
            elif isinstance(value, str):
                yield name, value, ""

    def __repr__(self) -> str:
        lines = [self._title, *(f"  {name:<30} {value:>10}  {meaning}".rstrip() for name, value, meaning in self._rows())]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return _html.table(("number", "value", "meaning"), self._rows(), caption=self._title)


def measure(features: ArrayLike, labels: ArrayLike, weight: ArrayLike | None = None,
            bias: ArrayLike | None = None) -> Measured:
    """Neural collapse of the features of a layer.

    The numbers are those that ``layerwise measure`` prints of a file with the same arrays, to the last
    bit. All of them are computed in f64 from the features as they are stored.

    Parameters
    ----------
    features : array ``[N, d]``
        Features of N rows, in any unit: float64, float32, float16, bfloat16, or integers. Contiguous
        float64 and float32 are not copied.
    labels : array ``[N]``
        Class of each row: whole numbers from 0.
    weight : array ``[C, d]``, optional
        Classifier, one row for each class; label c belongs to row c. One row decides between two classes
        by its sign.
    bias : array ``[C]``, optional
        Bias of the classifier.

    Returns
    -------
    Measured
        ``nc1``, ``nc2_equinorm_means``, ``nc3``, ``nc4`` and the others of ``layerwise measure``, without
        unit unless they are eigenvalues (squared unit of the features).

    Raises
    ------
    ValueError
        A shape is wrong, a number is NaN or infinite, or a label is not a class.

    Examples
    --------
    >>> import layerwise
    >>> round(layerwise.measure([[1.0], [3.0], [-1.0], [-3.0]], [0, 0, 1, 1]).nc1, 6)
    0.125
    """
    given = [None if array is None else as_f64(array, name) for array, name in ((weight, "weight"), (bias, "bias"))]
    found = _layerwise.collapse(as_floats(features, "features"), as_f64(labels, "labels"), *given)
    return Measured("Neural collapse", found)


def spectrum(matrix: ArrayLike) -> Measured:
    """Singular values and ranks of a matrix ``[rows, columns]``.

    Returns
    -------
    Measured
        ``singular_values`` (largest first, in the unit of the matrix), ``effective_rank`` (exp of the
        entropy of σ²/Σσ²), ``effective_rank_unsquared`` (of σ/Σσ), ``stable_rank`` (Σσ²/max σ²); the ranks
        have no unit.

    Raises
    ------
    ValueError
        The shape is not that of a matrix, or a number is NaN or infinite.

    Examples
    --------
    >>> import layerwise
    >>> layerwise.spectrum([[3.0, 0.0], [0.0, 2.0]]).singular_values
    array([3., 2.])
    """
    numbers = _layerwise.spectrum(as_f64(matrix, "matrix"))
    numbers["singular_values"] = np.array(numbers["singular_values"])
    return Measured("Spectrum", numbers)


def fourier(weight: Any, modulus: int, operation: str | None = None) -> Measured:
    """How strongly each neuron of a net on two one-hot residues is tuned to one frequency.

    Parameters
    ----------
    weight : array ``[H, 2 p]``, or a state
        Weight of the first layer as PyTorch stores it, or a ``state_dict`` (names and arrays), or an object
        with ``state_dict()``.
    modulus : int
        p, the number of residues; at least 3.
    operation : str, optional
        What the net computes, as in specs: ``"add"`` (assumed if left out), ``"subtract"``, ``"multiply"``,
        ``"divide"``, ``"a + 2b"``, ….

    Returns
    -------
    Measured
        ``ipr``, ``top_share``, ``gini`` (means over tuned neurons, no unit), ``key_frequencies`` and more.

    Raises
    ------
    ValueError
        The weight does not have 2 p inputs, or the operation is unknown.
    """
    if not hasattr(weight, "state_dict") and not isinstance(weight, Mapping):
        weight = {"0.weight": as_numpy(weight, "weight")}
    found = _layerwise.fourier(_safetensors.to_bytes(_safetensors.state_of(weight)), whole(modulus, "modulus"), operation)
    return Measured("Fourier power", found)


@dataclass(frozen=True)
class Delay:
    """Steps from the fit of the training rows to the generalisation on the test rows.

    ``value`` is the number of steps. If ``censored`` is True, the net had not generalised by the last
    record, and ``value`` is a lower bound. Without a fit, ``value`` is None: there is nothing to be late
    for.
    """

    value: float | None
    censored: bool
    train_step: float | None
    test_step: float | None

    def __str__(self) -> str:
        if self.value is None:
            return "unknown: the training rows are not fitted"
        return f"{'at least ' if self.censored else ''}{self.value:g} steps"


def delay(steps: ArrayLike, train: ArrayLike, test: ArrayLike, *, fit: float = 0.99,
          generalised: float = 0.95) -> Delay:
    """The grokking delay of two accuracy curves, with censoring.

    Parameters
    ----------
    steps : array ``[T]``
        Training steps of the records, strictly increasing.
    train, test : array ``[T]``
        Accuracies on the training and test rows, 0 to 1. The first NaN ends a curve.
    fit : float
        Accuracy at which the training rows count as fitted; the default is that of specs.
    generalised : float
        Accuracy at which the net counts as generalising on the test rows; the default is that of specs.

    Returns
    -------
    Delay
        The steps between the first records at or above these levels. It is negative if the test rows come
        first.

    Raises
    ------
    ValueError
        Lengths differ, steps do not increase, or a curve has no number.

    Examples
    --------
    >>> import layerwise
    >>> str(layerwise.delay([0, 10, 20], [0.1, 1.0, 1.0], [0.1, 0.2, 0.3]))
    'at least 10 steps'
    """
    steps = as_f64(steps, "steps")
    curves = {"train": as_f64(train, "train"), "test": as_f64(test, "test")}
    for name, array in {"steps": steps, **curves}.items():
        if array.ndim != 1:
            raise ValueError(f"{name} has the shape {list(array.shape)}: must be [T]")
        if array.shape != steps.shape:
            raise ValueError(f"{name} has {array.size} entries: must have {steps.size}, like steps")
    (fitted, is_fitted), (tested, is_tested) = (
        _layerwise.first_record(steps, curves[name], float(level))
        for name, level in (("train", fit), ("test", generalised)))
    if not is_fitted:
        return Delay(None, True, None, tested if is_tested else None)
    return Delay(tested - fitted, not is_tested, fitted, tested if is_tested else None)
