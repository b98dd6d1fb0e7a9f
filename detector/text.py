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
