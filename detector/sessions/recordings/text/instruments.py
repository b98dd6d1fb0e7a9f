"""What lines above a table say in the files of some instruments: units, sampling rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from detector.sessions.recordings.text.separators import Record


@dataclass(frozen=True, slots=True)
class Told:
    """What the lines above the values say.

    Attributes:
        rate_hz: None where they say none.
        units: By column.
    """

    rate_hz: float | None = None
    units: dict[str, str] = field(default_factory=dict)


def told_above(records: Sequence[Record], names: Sequence[str]) -> Told:
    """Read the lines above the values.

    Args:
        records: All of them, in order.
        names: Of the columns.
    """
    said = {record.cells[0]: record.cells for record in records if record.cells}
    has_time = any(name.lower() == "x_value" for name in names)
    if "***End_of_Header***" in said:
        return Told(None if has_time else _rate(said.get("Delta_X")), _labview_units(said, names))
    return Told()


def _rate(cells: Sequence[str] | None) -> float | None:
    """Samples per second where all channels have one spacing."""
    spacings = {_number(cell) for cell in (cells or ())[1:] if cell}
    spacing = spacings.pop() if len(spacings) == 1 else 0.0
    return 1 / spacing if spacing > 0 else None


def _number(cell: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return 0.0


def _labview_units(said: dict[str, tuple[str, ...]], names: Sequence[str]) -> dict[str, str]:
    """One label a channel, in the order of the channels; the time in front has none."""
    labels = said.get("Y_Unit_Label", ())[1:]
    channels = [name for name in names if name and name.lower() not in {"x_value", "comment"}]
    return {name: unit for name, unit in zip(channels, labels, strict=False) if unit}


def increment(names: Sequence[str], row: tuple[str, ...]) -> float | None:
    """The sampling rate of a Rigol oscilloscope: its spacing stands beside the channels' units.

    Args:
        names: The header, for example ``X, CH1, Start, Increment``.
        row: The units below it, for example ``Sequence, Volt, -1e-3, 2e-6``; may be empty.

    Returns:
        Samples per second, or None where this is no such row.
    """
    if len(names) < 3 or names[-1].lower() != "increment" or row[:1] != ("Sequence",):
        return None
    spacing = _number(row[-1])
    return 1 / spacing if spacing > 0 else None
