"""Live updates as bytes: a JSON header, then the samples as little-endian arrays.

Layout: length of the header (u4), the header padded with spaces to a multiple of 8, then for
each of the header's ``blocks`` its arrays, each padded likewise: ``ids`` f8 (frame of each
sample), ``ts`` f8, ``values`` f4 by column, ``reconstruction`` f4 of the columns listed in
``reconstructed``, ``score`` f4, ``judged`` u1, ``shares`` u1 by frame and column: of what the
column with the most contributed, 255 is as much. ``dashboard/assets/wire.js`` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from detector.records import Frame

ALIGN = 8


def encode(
    header: dict[str, Any], frames: Sequence[Frame], columns: Sequence[str] | None = None
) -> bytes:
    """One live update.

    Args:
        header: All that is not samples; ``blocks`` is added.
        frames: Of one device, in order of commit.
        columns: Features that are sent; None: all.

    Returns:
        The message as sent.
    """
    blocks: list[dict[str, Any]] = []
    arrays: list[npt.NDArray[Any]] = []
    for block in _runs(frames):
        shape, made = _block(block, columns)
        blocks.append(shape)
        arrays.extend(made)
    return message({**header, "blocks": blocks}, arrays)


def message(header: dict[str, Any], arrays: Iterable[npt.NDArray[Any]]) -> bytes:
    """A header and the arrays that follow it, each padded."""
    return closed(header, b"".join(_padded(arrays)))


def closed(header: dict[str, Any], samples: bytes) -> bytes:
    """A header before samples that are bytes already."""
    head = msgspec.json.encode(header)
    head += b" " * (-(4 + len(head)) % ALIGN)
    return b"".join([len(head).to_bytes(4, "little"), head, samples])


def opened(sent: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and samples of a message; ``closed`` makes the same again."""
    end = 4 + int.from_bytes(sent[:4], "little")
    return msgspec.json.decode(sent[4:end]), sent[end:]


def _runs(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    """Frames side by side that share session and columns."""
    for _, run in groupby(frames, key=lambda frame: (frame.session, frame.features)):
        yield list(run)


def _block(
    run: Sequence[Frame], columns: Sequence[str] | None
) -> tuple[dict[str, Any], list[npt.NDArray[Any]]]:
    names = run[0].features
    sent = [at for at, name in enumerate(names) if columns is None or name in columns]
    values = np.concatenate([frame.values[:, sent] for frame in run])
    model = np.concatenate([frame.reconstruction[:, sent] for frame in run])
    reconstructed = np.flatnonzero(np.isfinite(model).any(axis=0))
    shape = {
        "n": len(values),
        "frames": len(run),
        "session": run[0].session,
        "features": [names[at] for at in sent],
        "reconstructed": reconstructed.tolist(),
    }
    ids = np.repeat([float(frame.frame_id or 0) for frame in run], [len(f.ts) for f in run])
    return shape, [
        ids.astype("<f8"),
        np.concatenate([frame.ts for frame in run]).astype("<f8"),
        values.T.astype("<f4"),
        model.T[reconstructed].astype("<f4"),
        np.concatenate([frame.score for frame in run]).astype("<f4"),
        np.concatenate([frame.judged for frame in run]).astype("u1"),
        np.stack([_shares(frame)[sent] for frame in run]),
    ]


def _shares(frame: Frame) -> npt.NDArray[np.uint8]:
    """Contributions against the largest of them; all count alike where nothing is known."""
    share = np.nan_to_num(frame.contributions)
    most = share.max(initial=0.0)
    if most <= 0:
        return np.full(len(share), 255, np.uint8)
    return np.asarray(np.round(255 * share / most), np.uint8)


def _padded(arrays: Iterable[npt.NDArray[Any]]) -> Iterator[bytes]:
    for array in arrays:
        content = array.tobytes()
        yield content + b"\0" * (-len(content) % ALIGN)
