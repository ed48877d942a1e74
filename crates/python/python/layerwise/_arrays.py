"""What users give as arrays: NumPy, and whatever PyTorch, JAX and others can hand over."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Anything that can be read as an array of numbers: a NumPy array, a PyTorch or JAX tensor, an object
#: with ``__array__`` or ``__dlpack__``, a number or nested lists.
ArrayLike = Any


def as_numpy(given: ArrayLike, name: str) -> np.ndarray:
    """``given`` as a NumPy array, without a copy where its memory can be shared."""
    if isinstance(given, np.ndarray):
        array = given
    elif hasattr(given, "detach") and hasattr(given, "cpu"):
        tensor = given.detach().cpu()
        try:
            array = tensor.numpy()
        except TypeError:
            # NumPy has no bf16. Every number of bf16 is a number of f32.
            array = tensor.float().numpy()
    elif hasattr(given, "__array__"):
        array = np.asarray(given)
    elif hasattr(given, "__dlpack__"):
        array = np.from_dlpack(given)
    else:
        try:
            array = np.asarray(given)
        except ValueError as error:
            raise ValueError(f"{name} cannot be read as an array: {error}") from None
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(f"{name} is a masked array, whose hidden entries have no meaning here. "
                         "Give its rows without masked entries")
    return array


def as_floats(given: ArrayLike, name: str) -> np.ndarray:
    """A C-contiguous array of float32 or float64. Narrower floats, integers and truth values are widened,
    which changes no number."""
    array = as_numpy(given, name)
    kind = array.dtype.kind
    if kind == "f" and array.dtype.itemsize > 8:
        raise TypeError(f"{name} is of type {array.dtype}: must be float64, float32, float16 or bfloat16. "
                        "Convert it with .astype(float)")
    if kind == "f" and array.dtype.itemsize == 8:
        dtype: np.dtype[Any] = np.dtype(np.float64)
    elif kind == "f" or array.dtype.name == "bfloat16":
        dtype = np.dtype(np.float32)
    elif kind in "iub":
        dtype = np.dtype(np.float64)
    else:
        raise TypeError(f"{name} is of type {array.dtype}: must be numbers. Convert it with .astype(float)")
    return np.asarray(array, dtype=dtype, order="C")


def as_f64(given: ArrayLike, name: str) -> np.ndarray:
    """A C-contiguous array of float64."""
    return np.asarray(as_floats(given, name), dtype=np.float64, order="C")


def whole(value: Any, name: str, least: int = 0) -> int:
    """A whole number from ``least`` to 2³² − 1."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number != value or not least <= number < 2**32:
        raise ValueError(f"{name} is {value!r}: must be a whole number, {least} or more and below 2**32")
    return number
