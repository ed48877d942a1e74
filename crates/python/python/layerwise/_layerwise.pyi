"""The extension module."""

from collections.abc import Callable
from typing import Any

import numpy as np

__version__: str

class Recorded:
    """A recorded run, read from its folder."""
    path: str
    def __init__(self, path: str) -> None: ...
    def manifest(self) -> dict[str, Any]:
        """Origin of the run and how it ended."""
    def observations(self) -> Table:
        """The long table."""
    def pictures(self) -> list[dict[str, Any]]:
        """Names, titles and captions of the pictures of the spec."""
    def spec(self) -> dict[str, Any]:
        """The resolved spec."""
    def verdict(self) -> dict[str, Any]:
        """The verdicts, as in `verdict.json`, with the word of each claim under `word`."""

class Table:
    """A table: columns of equal length, which never change."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table through the Arrow C interface, without a copy."""
    def __len__(self) -> int:
        """Return len(self)."""
    def columns(self) -> dict[str, Any]:
        """The columns as NumPy arrays; a column of names is a pair of its codes and its names."""

def collapse(features: np.ndarray, labels: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None) -> dict[str, Any]:
    """Neural collapse of features `[N, d]` with labels `[N]`."""

def command(program: str, arguments: list[str]) -> int:
    """Runs the command `layerwise` with these arguments and returns its exit code. `program` is the file
    that starts the command again, for scripts of clusters."""

def evaluate(name: str, kind: str, points: np.ndarray, parameters: list[tuple[str, np.ndarray]], batch: int) -> list[tuple[str, np.ndarray]]:
    """The results of the form `name` by name, each with its shape, at `points` of the `kind` "times",
    "fractions", "steps" or "". Each parameter is an array of float64: with `batch` = B above 0, its
    first axis has B entries, and so has the first axis of each result."""

def experiments() -> list[dict[str, Any]]:
    """The shipped experiments: name, title, source, claims and minutes."""

def feature_cka(a: np.ndarray, b: np.ndarray, rows: int) -> float:
    """Linear CKA of two sets of features of the same N rows."""

def first_record(steps: np.ndarray, values: np.ndarray, level: float) -> tuple[float, bool]:
    """The first record at or above `level`, and whether it was reached; if not, the last usable record."""

def forms() -> list[dict[str, Any]]:
    """Every closed form: name, summary, equation, assumptions, source, references, parameters, points and
    outputs."""

def fourier(file: bytes, modulus: int, operation: str | None) -> dict[str, Any]:
    """Fourier power of the first layer of a net on two one-hot residues, from a safetensors file."""

def kernel_alignment(kernel: np.ndarray, targets: np.ndarray) -> float:
    """Alignment of a kernel `[N, N]` with targets `[N]`."""

def kernel_cka(a: np.ndarray, b: np.ndarray, rows: int) -> float:
    """Centred alignment (CKA) of two kernels `[N, N]`."""

def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Distance of two kernels of one shape."""

def meaning(name: str) -> str:
    """What a number means, in a few words."""

def run(name: str, spec: str | None, progress: Callable[[int, int, int, str], None] | None, seeds: int | None, set: list[str], quick: bool, threads: int | None, device: str | None, engine: str | None, out: str | None, curves: list[str], checkpoints: list[str], layers: list[str] | None, keep_weights: bool, fresh: bool) -> tuple[str, bool, list[str], bool]:
    """Runs an experiment on other threads; `spec` is the JSON text of a spec, or None for the
    experiment of this name. `progress(total, done, earlier, cell)` is called every few moments.
    Returns the folder, whether the run is complete, notes, and whether the user stopped it."""

def spectrum(array: np.ndarray) -> dict[str, Any]:
    """Singular values and ranks of a matrix `[rows, columns]`."""

def tangent_kernel(file: bytes, activation: str, layers: list[str] | None, inputs: np.ndarray, rows: int) -> tuple[np.ndarray, int]:
    """The tangent kernel `[K N, K N]`, flattened, of the perceptron in a safetensors file on inputs
    `[N, D]`, and its number of outputs K."""
