"""Writes the stubs of the modules whose functions are made by a program: `theory.pyi` from the tables of
the closed forms, `_layerwise.pyi` from the signatures and docstrings of the extension module. Run it after
a change of either; a test compares.

    python crates/python/stubs.py [--check]
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "python" / "layerwise"

#: Types of the arguments and results of the extension module, by function.
TYPES = {
    "command": ("program: str, arguments: list[str]", "int"),
    "forms": ("", "list[dict[str, Any]]"),
    "evaluate": ("name: str, kind: str, points: np.ndarray, parameters: list[tuple[str, np.ndarray]], batch: int",
                 "list[tuple[str, np.ndarray]]"),
    "collapse": ("features: np.ndarray, labels: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None",
                 "dict[str, Any]"),
    "spectrum": ("array: np.ndarray", "dict[str, Any]"),
    "fourier": ("file: bytes, modulus: int, operation: str | None", "dict[str, Any]"),
    "kernel_distance": ("a: np.ndarray, b: np.ndarray", "float"),
    "kernel_alignment": ("kernel: np.ndarray, targets: np.ndarray", "float"),
    "kernel_cka": ("a: np.ndarray, b: np.ndarray, rows: int", "float"),
    "feature_cka": ("a: np.ndarray, b: np.ndarray, rows: int", "float"),
    "tangent_kernel": ("file: bytes, activation: str, layers: list[str] | None, inputs: np.ndarray, rows: int",
                       "tuple[np.ndarray, int]"),
    "first_record": ("steps: np.ndarray, values: np.ndarray, level: float", "tuple[float, bool]"),
    "meaning": ("name: str", "str"),
    "run": ("name: str, spec: str | None, progress: Callable[[int, int, int, str], None] | None, seeds: int | None, "
            "set: list[str], quick: bool, threads: int | None, device: str | None, engine: str | None, out: str | None, "
            "curves: list[str], checkpoints: list[str], layers: list[str] | None, keep_weights: bool, fresh: bool",
            "tuple[str, bool, list[str], bool]"),
    "experiments": ("", "list[dict[str, Any]]"),
    "Recorded.__init__": ("self, path: str", "None"),
    "Recorded.observations": ("self", "Table"),
    "Recorded.spec": ("self", "dict[str, Any]"),
    "Recorded.manifest": ("self", "dict[str, Any]"),
    "Recorded.verdict": ("self", "dict[str, Any]"),
    "Recorded.pictures": ("self", "list[dict[str, Any]]"),
    "Table.__len__": ("self", "int"),
    "Table.__arrow_c_stream__": ("self, requested_schema: object | None = None", "object"),
    "Table.columns": ("self", "dict[str, Any]"),
}


def names(signature: str) -> list[str]:
    """The names of the arguments in a signature of `TYPES`."""
    return [part.split(":")[0].strip() for part in signature.split(", ") if ":" in part and "[" not in part.split(":")[0]]


def function(name: str, indent: str, doc: str | None) -> str:
    arguments, result = TYPES[name]
    short = name.rpartition(".")[2]
    text = f"{indent}def {short}({arguments}) -> {result}:\n"
    lines = inspect.cleandoc(doc or "").splitlines()
    if not lines:
        return text.rstrip("\n") + " ...\n"
    inner = indent + "    "
    body = "\n".join((inner + line).rstrip() for line in lines)
    return f'{text}{inner}"""{body.strip()}"""\n'


def extension() -> str:
    """The stub of `_layerwise`; every public function must have its types in `TYPES`."""
    from layerwise import _layerwise

    parts = ['"""The extension module."""\n\nfrom collections.abc import Callable\nfrom typing import Any\n\n'
             "import numpy as np\n\n__version__: str\n"]
    for name, value in sorted(vars(_layerwise).items()):
        if name.startswith("__"):
            continue
        if inspect.isclass(value):
            members = [f"{name}.__init__"] if f"{name}.__init__" in TYPES else []
            members += [f"{name}.{member}" for member in sorted(vars(value)) if f"{name}.{member}" in TYPES
                        and member != "__init__"]
            text = f'class {name}:\n    """{inspect.getdoc(value)}"""\n'
            if name == "Recorded":
                text += "    path: str\n"
            text += "".join(function(member, "    ", None if member.endswith("__init__")
                                     else inspect.getdoc(getattr(value, member.partition(".")[2]))) for member in members)
            parts.append(text)
        elif callable(value):
            found = list(inspect.signature(value).parameters)
            if found != names(TYPES[name][0]):
                raise SystemExit(f"the types of {name} in stubs.py are of {names(TYPES[name][0])}, but it takes {found}")
            parts.append(function(name, "", inspect.getdoc(value)))
    return "\n".join(parts)


def theory() -> str:
    """The stub of `theory`."""
    from layerwise import theory as module

    parts = [f'"""{inspect.getdoc(module)}"""\n\nfrom collections.abc import Iterator, Mapping\nfrom typing import Any\n\n'
             "import numpy as np\n\nfrom ._arrays import ArrayLike\n\ndef forms() -> list[str]:\n"
             f'    """{inspect.getdoc(module.forms)}"""\n\nclass Values(Mapping[str, np.ndarray]):\n'
             f'    """{inspect.getdoc(module.Values)}"""\n'
             "    def __getattr__(self, name: str) -> np.ndarray: ...\n"
             "    def __getitem__(self, name: str) -> np.ndarray: ...\n    def __iter__(self) -> Iterator[str]: ...\n"
             "    def __len__(self) -> int: ...\n"
             "    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray: ...\n"
             "    def to_dict(self) -> dict[str, np.ndarray]: ...\n"]
    for name in module.forms():
        value = getattr(module, name)
        signature = inspect.signature(value)
        arguments = []
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and "*" not in arguments:
                arguments.append("*")
            kind = "ArrayLike"
            default = ""
            if parameter.default is None:
                kind, default = "ArrayLike | None", " = None"
            elif parameter.default is not parameter.empty:
                default = f" = {parameter.default!r}"
            arguments.append(f"{parameter.name}: {kind}{default}")
        body = "\n".join(("    " + line).rstrip() for line in inspect.getdoc(value).splitlines())
        parts.append(f'def {name}({", ".join(arguments)}) -> Values:\n    """{body.strip()}\n    """\n')
    return "\n".join(parts)


def main() -> int:
    """Writes both stubs, or says which one is out of date."""
    code = 0
    for name, text in (("_layerwise.pyi", extension()), ("theory.pyi", theory())):
        file = FOLDER / name
        if "--check" not in sys.argv:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            print(f"{file} is out of date. Run python crates/python/stubs.py", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
