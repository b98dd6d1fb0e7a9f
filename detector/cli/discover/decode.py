"""``decode``: one message in, what is read in it out."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

from detector.cli.tables import as_json, table
from detector.errors import PayloadError
from detector.ingest.messages.assemble import Decoded
from detector.ingest.messages.payloads import MAX_BYTES
from detector.ingest.sources import Sources
from detector.records import Samples
from detector.settings.load import load_settings

SHOWN_SAMPLES = 5


def decode(args: argparse.Namespace) -> str:
    """Read one message as the running detector would.

    Raises:
        PayloadError: With the line that the detector would log.
        SettingsError: If the settings or a source cannot be used.
    """
    sources = Sources(load_settings(args.settings).all_sources)
    decoded = sources.decode(args.topic, _payload(args.file), time.time())
    return _as_json(decoded) if args.json else _as_text(decoded)


def _payload(file: str) -> bytes:
    """A file's bytes or those of standard input; one more than allowed is enough to refuse."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        line = (
            f"{file}: cannot be read ({error.strerror}), allowed: a file, or - for standard input"
        )
        raise PayloadError(line) from None


def _as_json(decoded: Decoded) -> str:
    content = {
        "samples": [_object(device, block, decoded.units) for device, block in decoded.blocks],
        "ignored": decoded.ignored,
        "left_out": decoded.left_out,
        "format": decoded.format,
    }
    return as_json(content)


def _object(device: str, block: Samples, units: dict[str, str]) -> dict[str, Any]:
    values = block.values.astype(float)
    return {
        "device": device,
        "session": block.session,
        "ts": block.ts.tolist(),
        "features": {
            name: [None if math.isnan(x) else float(f"{x:.9g}") for x in values[:, f].tolist()]
            for f, name in enumerate(block.features)
        },
        "units": {name: units[name] for name in block.features if units.get(name)},
    }


def _as_text(decoded: Decoded) -> str:
    parts = [f"format: {decoded.format or 'none'}"]
    if decoded.ignored is not None:
        parts.append(f"ignored: {decoded.ignored}")
    parts += [_block(device, block, decoded.units) for device, block in decoded.blocks]
    if decoded.left_out:
        rows = [(path, reason) for path, reason in decoded.left_out.items()]
        parts.append(table(("left out", "reason"), rows, ""))
    return "\n\n".join(parts)


def _block(device: str, block: Samples, units: dict[str, str]) -> str:
    """A device with its channels, one a row, and the first values of each."""
    first = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(block.ts[0]))
    samples = "1 sample" if len(block) == 1 else f"{len(block)} samples"
    head = f"device {device}: {samples} from {first} UTC"
    if len(block) > 1:
        head += f" over {block.ts[-1] - block.ts[0]:.6g} s"
    if block.session is not None:
        head += f", session {block.session}"
    rows = [(name, units.get(name, ""), _values(block, f)) for f, name in enumerate(block.features)]
    return f"{head}\n{table(('feature', 'unit', 'values'), rows, '')}"


def _values(block: Samples, f: int) -> str:
    shown = ["missing" if math.isnan(x) else f"{x:.6g}" for x in block.values[:SHOWN_SAMPLES, f]]
    return ", ".join(shown) + (", …" if len(block) > SHOWN_SAMPLES else "")
