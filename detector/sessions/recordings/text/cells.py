"""What one cell looks like: a value, nothing, or a word; whether a row of them is of units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

_NUMBER = re.compile(
    r"[+-]?\s*(?:\d{1,3}(?:[.,'\u00a0\u202f]\d{3})+(?:[.,]\d*)?|\d+(?:[.,]\d*)?|[.,]\d+)"
    r"(?:e[+-]?\d+)?",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*\.?"
_DATE = (
    r"\d{1,4}[-/.]\s?\d{1,2}[-/.]\s?\d{1,4}\.?"
    rf"|\d{{1,2}}[-\s/.]*{_MONTH}[-\s/.,]*\d{{2,4}}|{_MONTH}\s+\d{{1,2}},?\s+\d{{4}}"
)
_CLOCK = (
    r"\d{1,3}:\d{2}(?::\d{2}(?:[.,:]\d+)?)?(?:\s*[ap]\.?m\.?)?"
    r"(?:\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2}|[a-z]{3,4}))?"
)
_TIME = re.compile(
    rf"(?:[a-z]{{2,3}},?\s+)?(?:(?:{_DATE})(?:[t\s_,\-]\s*(?:{_CLOCK}))?|(?:{_CLOCK})(?:\s+(?:{_DATE}))?)"
    r"|\d{8}[t\s_]?\d{6}(?:\.\d+)?z?",
    re.IGNORECASE,
)
_MISSING = frozenset(
    "- -- --- nan null none nil n/a na #n/a inf +inf -inf infinity -infinity 1.#inf -1.#ind 1.#qnan "
    "overflow over ol o.l ++++ bad missing error".split()
)
_UNITS = frozenset(
    "% ‰ - 1 s sec secs second seconds ms msec us µs μs ns min mins minute minutes h hr hour hours d "
    "day days date time ts rn no no. n hz khz mhz ghz rad deg degree degrees ° rpm 1/min u/min /min "
    "min-1 g mg ug µg gn gal kg t lb lbs m mm cm km um µm μm nm mil mils in inch inches ft m/s mm/s "
    "um/s µm/s in/s ips km/h mph m/s2 m/s² m/s^2 mm/s2 mm/s^2 mm/s² m/s/s v mv uv µv μv kv volt "
    "volts vdc vac a ma ua µa μa ka amp amps ampere w mw kw mw va kva var kvar wh kwh ohm ohms Ω "
    "kohm mohm f uf µf nf h mh c k °c °f ℃ ℉ degc degf deg_c deg_f deg c kelvin celsius fahrenheit "
    "pa hpa kpa mpa gpa bar mbar psi psig psia torr atm mmhg inhg n kn nm n·m n.m n*m knm j kj mj "
    "l l/s l/min l/h m3 m³ m3/h m³/h m³/s m3/s gpm gal/min kg/s kg/h kg/m3 kg/m³ db dba dbm lx lux "
    "lm cd t mt ut µt μt gauss ppm ppb rh %rh cps counts count raw lsb bool boolean dimensionless "
    "meters/second meters metres gs x g's rad/s deg/s °/s dps utc iso8601 w/m2 w/m² w/m^2".split()
) | {"deg c", "deg f"}
_KINDS = frozenset(
    "avg smp max min std tot med mean sample float float32 float64 single double real int int16 "
    "int32 int64 integer long string str text bool boolean datetime date/time numeric number".split()
)
_BRACKETED = re.compile(r"[\[(<{].*[\])>}]")


class Look(Enum):
    """What a cell may hold."""

    VALUE = "a number or a time"
    NOTHING = "nothing, or a word for it"
    WORD = "anything else"


def look_of(cell: str) -> Look:
    """Judge a cell by its characters alone."""
    cell = cell.strip()
    if not cell or cell.lower() in _MISSING:
        return Look.NOTHING
    if _NUMBER.fullmatch(cell) or is_time(cell):
        return Look.VALUE
    return Look.WORD


def is_time(cell: str) -> bool:
    """Whether a cell is a date, a time of day or both."""
    return len(cell) < 50 and _TIME.fullmatch(cell) is not None


def are_names(cells: Sequence[str]) -> bool:
    """Whether a row may name columns: words, and no value among them."""
    looks = [look_of(cell) for cell in cells]
    return Look.WORD in looks and Look.VALUE not in looks


def are_units(cells: Sequence[str]) -> bool:
    """Whether at least half of a row's cells are known units, or all stand in brackets."""
    told = [cell.strip() for cell in cells if cell.strip()]
    known = sum(cell.lower() in _UNITS or bool(_BRACKETED.fullmatch(cell)) for cell in told)
    return bool(told) and known >= len(told) / 2 and all(len(cell) <= 24 for cell in told)


def are_kinds(cells: Sequence[str]) -> bool:
    """Whether a row says how each column was made or stored, like ``Avg`` or ``double``."""
    told = [cell.strip().lower() for cell in cells if cell.strip()]
    return bool(told) and all(cell in _KINDS for cell in told)


def plain_unit(cell: str) -> str:
    """A unit without its brackets."""
    cell = cell.strip()
    return cell[1:-1].strip() if _BRACKETED.fullmatch(cell) else cell
