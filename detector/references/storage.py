"""What a reference has learnt, on disk: tensors, or a scikit-learn estimator. Nothing is unpickled.

A file is replaced only once its new content is complete. Estimators are read by skops, which
builds only types it knows to be harmless, and those its caller lists. It takes seconds to import,
and most models need it not.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from detector.errors import BundleError
from detector.references.contract import Array

TENSORS = "reference.safetensors"
ESTIMATOR = "reference.skops"
SCHEMA = "schema.json"
_ADDRESS = re.compile(r'("__id__": |"file": ")(\d+)')
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip file can hold


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.rename(path)


def write_tensors(folder: Path, tensors: Mapping[str, Array]) -> None:
    """Keep named float64 arrays; the same arrays give the same bytes."""
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    replace_file(folder / TENSORS, save(contiguous))


def read_tensors(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Read back the arrays ``shapes`` names.

    Raises:
        BundleError: If the file is missing or broken, or an array is missing or of another shape.
    """
    path = folder / TENSORS
    try:
        tensors = load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{path}: cannot be read as tensors: {_first_line(error)}") from None
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != dict(shapes):
        raise BundleError(f"{path}: tensors {found}, allowed: {dict(shapes)}")
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise BundleError(f"{path}: {name} has a value that is missing or infinite")
    return {name: np.asarray(tensor, np.float64) for name, tensor in tensors.items()}


def write_estimator(folder: Path, estimator: object) -> None:
    """Keep a fitted scikit-learn estimator; the same estimator gives the same bytes."""
    from skops import io as skops_io

    replace_file(folder / ESTIMATOR, _repeatable(skops_io.dumps(estimator)))


def read_estimator(folder: Path, expected: type, trusted: Sequence[str]) -> Any:  # noqa: ANN401 -- scikit-learn's own
    """Read back an estimator.

    Args:
        folder: Where it was written.
        expected: Its type.
        trusted: Types skops does not build by itself; the caller checks what is in them.

    Raises:
        BundleError: If the file is missing or broken, or holds a type that is not trusted.
    """
    from skops import io as skops_io

    path = folder / ESTIMATOR
    try:
        estimator = skops_io.loads(path.read_bytes(), trusted=list(trusted))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 -- a broken file fails anywhere in its reader
        raise BundleError(f"{path}: cannot be read: {_first_line(error)}") from None
    if type(estimator) is not expected:
        raise BundleError(f"{path}: holds {type(estimator).__name__}, allowed: {expected.__name__}")
    return estimator


def _repeatable(content: bytes) -> bytes:
    """The same estimator file without times and memory addresses.

    skops names parts by their address in memory, which differs from run to run; here they are
    numbered in the order in which they are first mentioned.
    """
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return found[1] + numbers.setdefault(found[2], str(len(numbers)))

    with zipfile.ZipFile(io.BytesIO(content)) as written:
        parts = {name: written.read(name) for name in written.namelist()}
    schema = _ADDRESS.sub(number, parts.pop(SCHEMA).decode())
    renamed = {f"{numbers[name.removesuffix('.npy')]}.npy": part for name, part in parts.items()}
    repeated = io.BytesIO()
    with zipfile.ZipFile(repeated, "w") as out:
        for name in sorted(renamed):
            out.writestr(zipfile.ZipInfo(name, EPOCH), renamed[name])
        out.writestr(zipfile.ZipInfo(SCHEMA, EPOCH), schema)
    return repeated.getvalue()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
