"""What a cell below a name looks like when it is the unit of a column."""

from __future__ import annotations

import re

_UNITS = """
% ‰ - 1 s sec secs second seconds ms msec us µs μs ns min mins minute minutes h hr hour hours d day
days date time ts rn no no. sequence hz khz mhz ghz rad deg degree degrees ° rpm 1/min u/min /min
min-1 g mg ug µg gn gal kg t lb lbs m mm cm km um µm μm nm mil mils in inch inches ft m/s mm/s um/s
µm/s in/s ips km/h mph m/s2 m/s² m/s^2 mm/s2 mm/s^2 mm/s² m/s/s v mv uv µv μv kv volt volts vdc vac
a ma ua µa μa ka amp amps ampere w mw kw va kva var kvar wh kwh ohm ohms Ω ω kω kohm
mohm f uf µf nf mh
c k °c °f ℃ ℉ degc degf deg_c deg_f kelvin celsius fahrenheit pa hpa kpa mpa gpa bar mbar psi psig
psia torr atm mmhg inhg n kn n·m n.m n*m knm j kj mj l l/s l/min l/h m3 m³ m3/h m³/h m³/s m3/s gpm
gal/min kg/s kg/h kg/m3 kg/m³ db dba dbm lx lux lm cd mt ut µt μt gauss ppm ppb rh %rh cps counts
count raw lsb dimensionless meters/second meters metres gs rad/s deg/s °/s dps utc iso8601 w/m2 w/m²
w/m^2
"""
UNITS = frozenset(_UNITS.split()) | {"deg c", "deg f", "degrees c", "degrees f"}
_BRACKETED = re.compile(r"[\[(<{].*[\])>}]")


def is_unit(cell: str) -> bool:
    """Whether it is a known unit, or stands in brackets as one."""
    return cell.lower() in UNITS or _BRACKETED.fullmatch(cell) is not None


def plain_unit(cell: str) -> str:
    """A unit without its brackets."""
    cell = cell.strip()
    return cell[1:-1].strip() if _BRACKETED.fullmatch(cell) else cell
