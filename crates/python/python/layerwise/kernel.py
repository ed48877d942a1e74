"""Distances and alignments of kernels, and the tangent kernel of a perceptron.

A kernel of N rows is an array ``[N, N]``; features are ``[N, d]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _layerwise, _safetensors
from ._arrays import ArrayLike, as_f64

__all__ = ["alignment", "cka", "distance", "feature_cka", "tangent"]


def _square(given: ArrayLike, name: str) -> np.ndarray:
    array = as_f64(given, name)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"{name} has the shape {list(array.shape)}: must be [N, N]")
    return array


def distance(a: ArrayLike, b: ArrayLike) -> float:
    """Kernel distance 1 − ⟨A, B⟩/(|A||B|) of two kernels of one shape (no unit; 0 to 1 for positive
    semidefinite kernels) [Fort2020].

    It is half the squared distance of A/|A| and B/|B|, so that distances far below 1e-16 keep their digits.

    >>> from layerwise import kernel
    >>> kernel.distance([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 2.0]])
    0.0
    """
    a, b = as_f64(a, "a"), as_f64(b, "b")
    if a.shape != b.shape:
        raise ValueError(f"b has the shape {list(b.shape)}: must be {list(a.shape)}, like a")
    return _layerwise.kernel_distance(a, b)


def alignment(kernel: ArrayLike, targets: ArrayLike) -> float:
    """Alignment yᵀ K y/(|K| |y|²) of a kernel ``[N, N]`` with targets ``[N]`` (no unit, −1 to 1)
    [Cortes2012, without centring]. For a kernel of several outputs, give output-major targets ``[K, N]``.

    >>> from layerwise import kernel
    >>> round(kernel.alignment([[1.0, -1.0], [-1.0, 1.0]], [1.0, -1.0]), 12)
    1.0
    """
    square, y = _square(kernel, "kernel"), as_f64(targets, "targets").ravel()
    if y.size != square.shape[0]:
        raise ValueError(f"targets has {y.size} entries: must have {square.shape[0]}, like the rows of kernel")
    return _layerwise.kernel_alignment(square, y)


def cka(a: ArrayLike, b: ArrayLike) -> float:
    """Centred alignment ⟨HAH, HBH⟩/(|HAH||HBH|) of two kernels ``[N, N]``, N ≥ 2 (no unit)
    [Cortes2012; Kornblith2019]. For features, ``feature_cka`` keeps more digits.

    >>> from layerwise import kernel
    >>> kernel.cka([[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 2.0]])
    1.0
    """
    a, b = _square(a, "a"), _square(b, "b")
    if a.shape != b.shape:
        raise ValueError(f"b has the shape {list(b.shape)}: must be {list(a.shape)}, like a")
    return _layerwise.kernel_cka(a, b, a.shape[0])


def feature_cka(a: ArrayLike, b: ArrayLike) -> float:
    """Linear CKA of two sets of features ``[N, d]`` and ``[N, e]`` of the same rows (no unit, 0 to 1)
    [Kornblith2019]. It takes two matrices ``[N, N]`` of memory.
    """
    a, b = as_f64(a, "a"), as_f64(b, "b")
    for name, array in (("a", a), ("b", b)):
        if array.ndim != 2:
            raise ValueError(f"{name} has the shape {list(array.shape)}: must be [N, d]")
    if a.shape[0] != b.shape[0]:
        raise ValueError(f"b has {b.shape[0]} rows: must have {a.shape[0]}, like a")
    return _layerwise.feature_cka(a, b, a.shape[0])


def tangent(state: Any, inputs: ArrayLike, *, activation: str = "relu",
            layers: Sequence[str] | None = None) -> np.ndarray:
    """The neural tangent kernel of a multilayer perceptron, ``[K N, K N]``, output-major.

    Parameters
    ----------
    state : mapping or object with ``state_dict()``
        Weights of the net as PyTorch names and stores them: ``0.weight [out, in]``, ``0.bias``, ….
    inputs : array ``[N, D]``
        Rows at which the kernel is evaluated.
    activation : str
        Activation of the hidden layers.
    layers : sequence of str, optional
        The layers from input to output, if names and shapes do not tell their order.

    Raises
    ------
    ValueError
        The state is not that of a perceptron, the inputs do not fit it, or the activation is unknown.
    """
    rows = as_f64(inputs, "inputs")
    if rows.ndim != 2:
        raise ValueError(f"inputs has the shape {list(rows.shape)}: must be [N, D]")
    file = _safetensors.to_bytes(_safetensors.state_of(state))
    names = None if layers is None else list(layers)
    kernel, outputs = _layerwise.tangent_kernel(file, activation, names, rows, rows.shape[0])
    size = outputs * rows.shape[0]
    return kernel.reshape(size, size)
