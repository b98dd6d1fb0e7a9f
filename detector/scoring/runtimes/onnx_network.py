"""A network on ONNX Runtime, from the file that ``export.py`` made of its weights.

The file says which weights, config and shape it was made of, so that one left beside newer weights
is refused instead of scoring like the old ones.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from detector.errors import BundleError
from detector.records import Values
from detector.scoring.runtimes.contract import EXPORTED, WEIGHTS, Stored

if TYPE_CHECKING:
    import onnxruntime

FORMAT = "1"  # of the exported file: a network that computes otherwise than before needs another
FORMAT_KEY, MADE_OF_KEY = "faultline.format", "faultline.made_of"
INPUT, OUTPUTS = "windows", ["reconstruction", "residual"]
INSTALL = "pip install 'faultline[onnx]'"
ONLY_ERRORS = 3  # ONNX Runtime warns of initialisers that it drops while it optimises


class OnnxNetwork:
    """One network in a session of its own, on one thread.

    Args:
        stored: What the bundle says of it.

    Raises:
        BundleError: If ONNX Runtime is not installed, or the file is missing, broken or made of
            something else than what lies beside it.
    """

    def __init__(self, stored: Stored) -> None:
        expected = made_of(stored)
        self._session = session_of(_content(stored), stored)
        found = self._session.get_modelmeta().custom_metadata_map
        if found.get(FORMAT_KEY) != FORMAT or found.get(MADE_OF_KEY) != expected:
            raise BundleError(
                f"{stored.folder / EXPORTED}: made of another {WEIGHTS}, config or version; "
                f"{how_to(stored)}"
            )

    def examine(self, windows: Values) -> tuple[Values, Values]:
        """See ``Reconstructor``."""
        reconstruction, residual = self._session.run(OUTPUTS, {INPUT: windows})
        return reconstruction, residual


def made_of(stored: Stored) -> str:
    """SHA-256 over all that an exported file depends on.

    Raises:
        BundleError: If the weights cannot be read.
    """
    path = stored.folder / WEIGHTS
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from None
    described = msgspec.json.encode([stored.network, stored.config, *stored.shape], order="sorted")
    return hashlib.sha256(described + b"\n" + weights).hexdigest()


def session_of(content: bytes, stored: Stored) -> onnxruntime.InferenceSession:
    """A session on one thread: of two, one waits for the other on a busy machine.

    Raises:
        BundleError: If ONNX Runtime is not installed or cannot read the content.
    """
    try:
        import onnxruntime  # noqa: PLC0415 -- an extra, and torch alone does without it
    except ImportError:
        raise BundleError(f"{stored.folder}: onnx needs onnxruntime; {INSTALL}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ONLY_ERRORS
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 -- its exceptions share no base of their own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        path = stored.folder / EXPORTED
        raise BundleError(f"{path}: cannot be read as ONNX ({reason}); {how_to(stored)}") from None


def how_to(stored: Stored) -> str:
    """What makes the file."""
    return f"on a computer with torch: faultline export-onnx --model {stored.folder}"


def _content(stored: Stored) -> bytes:
    path = stored.folder / EXPORTED
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleError(f"{path}: is missing; {how_to(stored)}") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror})") from None
