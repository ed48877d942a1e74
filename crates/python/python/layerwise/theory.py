"""Closed forms of gradient flow in layerwise-linear models.

Each function is one closed form. Its parameters, equation, assumptions and source are those of the
Rust library, from which this module is built when it is imported. All times are **flow time**: the
learning rate times the number of steps, for gradient descent on the halved squared error.

>>> from layerwise import theory
>>> curve = theory.balanced_mode([0.0, 1.0, 4.0], input_power=1.0, target=2.0, initial=0.1)
>>> curve.strength.round(3).tolist()
[0.1, 1.484, 2.0]

Parameters broadcast: an array in place of a number gives a result with the shape of that array before
the shape of the points.

>>> both = theory.linear_mode([0.0, 1.0], input_power=1.0, target=[1.0, 2.0])
>>> both.strength.shape
(2, 2)
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from . import _html, _layerwise
from ._arrays import as_f64


class Values(Mapping):
    """The results of a closed form: arrays by name, also as attributes.

    ``numpy.asarray(values)`` is the first result, so that values can be plotted directly.
    """

    def __init__(self, form: str, arrays: dict[str, np.ndarray], units: dict[str, str]):
        self._form, self._arrays, self._units = form, arrays, units

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["_arrays"][name]
        except KeyError:
            known = ", ".join(self.__dict__.get("_arrays", ()))
            raise AttributeError(f"{self.__dict__.get('_form')} has no result {name!r}, only {known}") from None

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._arrays]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        first = next(iter(self._arrays.values()))
        return np.array(first, dtype=dtype, copy=bool(copy)) if copy or dtype else first

    def to_dict(self) -> dict[str, np.ndarray]:
        """The arrays by name."""
        return dict(self._arrays)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}{list(array.shape)}" for name, array in self._arrays.items())
        return f"<{self._form}: {shapes}>"

    def _repr_html_(self) -> str:
        rows = [(name, str(list(array.shape)), self._units.get(name, "")) for name, array in self._arrays.items()]
        return _html.table(("result", "shape", "unit"), rows, caption=self._form)


def _python_name(name: str) -> str:
    """``name`` as Python allows it: ``lambda_`` for ``lambda``."""
    name = name.replace("-", "_")
    return name + "_" if keyword.iskeyword(name) else name


def _axes(domain: str) -> int:
    """Number of axes of a parameter with this domain."""
    if domain.startswith("a matrix"):
        return 2
    return 1 if domain.startswith("finite numbers") else 0


def _point_kinds(form: dict[str, Any]) -> list[str]:
    return [kind for kind in form["points"] if kind]


def _signature(form: dict[str, Any]) -> inspect.Signature:
    """The points, then the parameters by name."""
    kinds = _point_kinds(form)
    optional = len(kinds) > 1 or "" in form["points"]
    parameters = []
    for position, kind in enumerate(kinds):
        place = inspect.Parameter.POSITIONAL_OR_KEYWORD if position == 0 else inspect.Parameter.KEYWORD_ONLY
        default = None if optional else inspect.Parameter.empty
        parameters.append(inspect.Parameter(kind, place, default=default, annotation="ArrayLike"))
    for name, _, _, _, default in form["parameters"]:
        default = inspect.Parameter.empty if default is None else default
        place = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(_python_name(name), place, default=default, annotation="ArrayLike"))
    # Python asks for positional parameters first.
    parameters.sort(key=lambda parameter: parameter.kind)
    return inspect.Signature(parameters, return_annotation="Values")


_MEANINGS = {
    "times": "flow times t, 0 or more",
    "fractions": "fractions of the target at which to give the times",
    "steps": "training steps, 0 or more",
}


def _docstring(form: dict[str, Any]) -> str:
    summary = form["summary"]
    lines = [summary[:1].upper() + summary[1:] + ".", "", f"    {form['equation']}", ""]
    lines += [f"Assumes: {form['assumes']}.", "", f"Source: {form['source']}.", ""]
    lines += [f"    [{key}] {work}" for key, work in form["references"]] + [""] * bool(form["references"])
    lines += ["Parameters", "----------"]
    kinds = _point_kinds(form)
    for kind in kinds:
        lines += [f"{kind} : array of any shape", f"    {_MEANINGS[kind]}."]
    if len(kinds) > 1:
        lines[-1] += f" Give either {' or '.join(kinds)}."
    for name, meaning, unit, domain, default in form["parameters"]:
        default = "" if default is None else f" Default: {default}."
        lines += [f"{_python_name(name)} : {domain}", f"    {meaning} (unit: {unit}).{default}"]
    lines += ["", "Returns", "-------", "Values", "    Arrays by name:", ""]
    lines += [f"    - ``{_python_name(name)}``: {meaning} (unit: {unit})" for name, meaning, unit in form["outputs"]]
    lines += ["", "Raises", "------", "ValueError", "    A parameter is outside its domain."]
    return "\n".join(lines)


def _number(value: Any, name: str) -> np.ndarray:
    return as_f64(value, name)


def _broadcast(form: dict[str, Any], given: dict[str, Any]) -> tuple[list[tuple[str, np.ndarray]], tuple[int, ...] | None]:
    """Parameters as arrays, and the shape over which they are evaluated; None for one evaluation."""
    arrays = {}
    shapes = []
    for name, _, _, domain, _ in form["parameters"]:
        if _python_name(name) not in given:
            continue
        array = _number(given[_python_name(name)], _python_name(name))
        split = max(array.ndim - _axes(domain), 0)
        arrays[name] = (array, split)
        shapes.append(array.shape[:split])
    shape = np.broadcast_shapes(*shapes)
    if shape == ():
        return [(name, array) for name, (array, _) in arrays.items()], None
    members = []
    for name, (array, split) in arrays.items():
        whole = np.broadcast_to(array, shape + array.shape[split:])
        members.append((name, np.ascontiguousarray(whole.reshape((-1,) + array.shape[split:]))))
    return members, shape


def _axes_of_points(name: str, kind: str, point: np.ndarray,
                    parameters: list[tuple[str, np.ndarray]]) -> dict[str, int | None]:
    """Which axis of each result is that of the points: the one that grows with them."""
    one, two = (_layerwise.evaluate(name, kind, np.repeat(point, count), parameters, 0) for count in (1, 2))
    return {output: next((axis for axis in range(a.ndim) if a.shape[axis] != b.shape[axis]), None)
            for (output, a), (_, b) in zip(one, two, strict=True)}


def _function(form: dict[str, Any]) -> Callable[..., Values]:
    signature = _signature(form)
    name, kinds = form["name"], _point_kinds(form)
    units = {_python_name(output): unit for output, _, unit in form["outputs"]}

    def evaluate(*args: Any, **kwargs: Any) -> Values:
        unknown = [name for name in kwargs if name not in signature.parameters]
        if unknown:
            known = ", ".join(signature.parameters)
            raise TypeError(f"{evaluate.__name__}() got an unexpected keyword argument {unknown[0]!r}. It takes: {known}")
        try:
            bound = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{evaluate.__name__}() {error}") from None
        points = [(kind, bound.pop(kind)) for kind in kinds if bound.get(kind) is not None]
        bound = {name: value for name, value in bound.items() if name not in kinds}
        if len(points) > 1:
            raise TypeError(f"{evaluate.__name__}() takes either {' or '.join(kinds)}, not both")
        if kinds and not points and "" not in form["points"]:
            raise TypeError(f"{evaluate.__name__}() needs {' or '.join(kinds)}")
        kind, at = points[0] if points else ("", np.empty(0))
        at = _number(at, kind)
        parameters, batch = _broadcast(form, bound)
        count = 0 if batch is None else int(np.prod(batch))
        if batch is not None and count == 0:
            raise ValueError(f"{evaluate.__name__}() has no values at parameters of the shape {list(batch)}: "
                             "an array of parameters needs at least one entry")
        found = _layerwise.evaluate(name, kind, at.ravel(), parameters, count)
        axes = {}
        if kind and at.ndim != 1 and at.size > 0:
            if kind not in axes_of_points:
                first = [(parameter, array if batch is None else np.asarray(array[0])) for parameter, array in parameters]
                axes_of_points[kind] = _axes_of_points(name, kind, at.ravel()[:1], first)
            axes = axes_of_points[kind]
        arrays = {}
        for output, array in found:
            shape = array.shape if batch is None else array.shape[1:]
            axis = axes.get(output)
            if axis is not None:
                shape = shape[:axis] + at.shape + shape[axis + 1:]
            arrays[_python_name(output)] = array.reshape((batch or ()) + shape)
        return Values(name, arrays, units)

    axes_of_points: dict[str, dict[str, int | None]] = {}

    evaluate.__name__ = evaluate.__qualname__ = _python_name(name)
    evaluate.__module__ = __name__
    evaluate.__doc__ = _docstring(form)
    evaluate.__signature__ = signature  # type: ignore[attr-defined]
    return evaluate


_FORMS = {form["name"]: form for form in _layerwise.forms()}

for _form in _FORMS.values():
    globals()[_python_name(_form["name"])] = _function(_form)

__all__ = [*(_python_name(name) for name in _FORMS), "Values", "forms"]


def forms() -> list[str]:
    """The names of all closed forms of this module, in the order of the theory."""
    return [_python_name(name) for name in _FORMS]


def __getattr__(name: str) -> Any:
    known = ", ".join(forms())
    raise AttributeError(f"no closed form has the name {name!r}. Choose one of: {known}")
