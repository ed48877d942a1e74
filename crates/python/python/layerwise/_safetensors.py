"""Writes the state of a net as a safetensors file, without PyTorch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._arrays import as_floats, as_numpy

_TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
          "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL"}


def state_of(net: Any) -> dict[str, np.ndarray]:
    """The arrays of a net by name: of its ``state_dict()``, or of a mapping."""
    state = net.state_dict() if hasattr(net, "state_dict") else net
    if not isinstance(state, Mapping):
        raise TypeError(f"a {type(net).__name__} has no weights. Give a net with state_dict(), or a mapping of names "
                        "to arrays")
    return {str(name): as_numpy(array, repr(name)) for name, array in state.items()}


def to_bytes(state: Mapping[str, np.ndarray]) -> bytes:
    """The content of a safetensors file."""
    header: dict[str, Any] = {}
    blocks, at = [], 0
    for name, array in state.items():
        if array.dtype.name not in _TYPES:
            array = as_floats(array, repr(name))
        block = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).tobytes()
        header[name] = {"dtype": _TYPES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [at, at + len(block)]}
        blocks.append(block)
        at += len(block)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    return b"".join([len(head).to_bytes(8, "little"), head, *blocks])


def write(path: str | os.PathLike[str], state: Mapping[str, np.ndarray]) -> None:
    """Writes a file that is complete or absent, never half."""
    temporary = f"{os.fspath(path)}.tmp-{os.getpid()}"
    with open(temporary, "wb") as file:
        file.write(to_bytes(state))
    os.replace(temporary, path)
