"""Text from the wire, made safe to show: nothing in it moves a cursor, a line or a colour."""

from __future__ import annotations


def inert(text: str) -> str:
    r"""The same text with everything that does not print escaped, for example ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else _escaped(mark) for mark in text)


def _escaped(mark: str) -> str:
    return mark.encode("unicode_escape", "backslashreplace").decode("ascii")


def encodable(text: str) -> str:
    """The same text without halves of characters, which some JSON holds and no output takes."""
    return text.encode("utf-8", "backslashreplace").decode()


def counted(n: int, what: str) -> str:
    """A number with its noun."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def listed(names: list[str], most: int = 4) -> str:
    """Some names, safe to show, and how many more there are."""
    shown = ", ".join(inert(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def plain(number: float) -> str:
    """Three digits, without an exponent where the number is large: ``28.2``, ``130,000``."""
    return f"{float(f'{number:.3g}'):,.12g}"


def span(seconds: float) -> str:
    """A length of time in the unit that suits it: ``48 s``, ``12.4 min``, ``2.61 h``."""
    for size_s, unit, most in ((1.0, "s", 120.0), (60.0, "min", 120.0), (3600.0, "h", 72.0)):
        if seconds < most * size_s:
            return f"{seconds / size_s:.3g} {unit}"
    return f"{seconds / 86_400:.3g} d"
