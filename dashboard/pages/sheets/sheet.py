"""Dense, quiet sheets: lists of facts and tables as HTML in which nothing of a value is markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TypeAlias

import streamlit as st

from dashboard.words.viewer import percent
from detector.text import inert

STYLES = Path(__file__).with_name("sheet.css")
WRONG = '<i class="sheet-mark" aria-hidden="true"></i>'


@dataclass(frozen=True)
class Cell:
    """One value.

    Attributes:
        text: As it is shown.
        wrong: One word on what is wrong, shown with a mark; None: nothing is.
        is_number: It stands to the right.
        is_code: Shown with letters of one width.
        is_whole: It stays on one line.
    """

    text: str
    wrong: str | None = None
    is_number: bool = False
    is_code: bool = False
    is_whole: bool = False


Value: TypeAlias = Cell | str


def figure(text: str, wrong: str | None = None) -> Cell:
    """A number, to the right."""
    return Cell(text, wrong, is_number=True)


def code(text: str) -> Cell:
    """A topic, a path or the like."""
    return Cell(text, is_code=True)


def whole(text: str) -> Cell:
    """A time or the like, on one line."""
    return Cell(text, is_whole=True)


def facts(title: str, pairs: Iterable[tuple[str, Value]]) -> str:
    """A list of facts under a heading."""
    rows = "".join(f"<div><dt>{_safe(name)}</dt><dd>{_inner(value)}</dd></div>"
                   for name, value in pairs)  # fmt: skip
    return f'<section class="sheet-facts">{_heading(title)}<dl>{rows}</dl></section>'


def table(
    title: str, head: Sequence[Value], rows: Sequence[Sequence[Value]], empty: str, note: str = ""
) -> str:
    """A table under a heading; without rows the sentence ``empty``.

    Args:
        title: Of the section; empty: none.
        head: Names of the columns; a ``Cell`` that is a number heads numbers.
        rows: As long as ``head`` each.
        empty: Said where there are no rows.
        note: A sentence below the heading.
    """
    said = f'<p class="sheet-note">{_safe(note)}</p>' if note else ""
    if not rows:
        body = f'<p class="sheet-note">{_safe(empty)}</p>'
    else:
        heads = "".join(_cell("th", _as_cell(one)) for one in head)
        lines = "".join(f"<tr>{''.join(_cell('td', _as_cell(one)) for one in row)}</tr>"
                        for row in rows)  # fmt: skip
        body = (f'<div class="sheet-scroll" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
                f"<tbody>{lines}</tbody></table></div>")  # fmt: skip
    return f'<section class="sheet-table">{_heading(title)}{said}{body}</section>'


def bars(title: str, series: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """Shares by name as bars, side by side for some series; at most four look different.

    Args:
        title: Of the section.
        series: Names, each with shares 0..1 by row; a row that one lacks stays empty there.
    """
    names = sorted({name for _, shares in series for name in shares})
    keys = "".join(f'<span class="sheet-key" data-series="{number}">{_safe(name)}</span>'
                   for number, (name, _) in enumerate(series))  # fmt: skip
    rows = "".join(
        f"<div><dt>{_safe(name)}</dt><dd>{''.join(_bars(name, series))}</dd></div>"
        for name in names
    )
    return (f'<section class="sheet-bars">{_heading(title)}<p class="sheet-keys">{keys}</p>'
            f"<dl>{rows}</dl></section>")  # fmt: skip


def _bars(name: str, series: Sequence[tuple[str, Mapping[str, float]]]) -> Iterator[str]:
    for number, (_, shares) in enumerate(series):
        if name in shares:
            share = f"{min(max(shares[name], 0.0), 1.0):.3f}"
            yield (f'<span class="sheet-bar" data-series="{number}"><i style="--share:{share}"></i>'
                   f"<b>{percent(shares[name])}</b></span>")  # fmt: skip


def troubles(title: str, lines: Sequence[str], calm: str) -> str:
    """What is wrong, each with a mark, or one quiet sentence."""
    if not lines:
        return f'<p class="sheet-calm">{_safe(calm)}</p>'
    said = "".join(f"<li>{WRONG}<span>{_safe(line)}</span></li>" for line in lines)
    return (f'<section class="sheet-troubles" role="status">{_heading(title)}'
            f"<ul>{said}</ul></section>")  # fmt: skip


def beside(*parts: str) -> str:
    """Sections side by side, as many as there is room for."""
    return f'<div class="sheet-beside">{"".join(parts)}</div>'


def draw(*parts: str) -> None:
    """Put sections on the page."""
    st.html(f'{_styles()}<div class="sheet">{"".join(parts)}</div>')


@cache
def _styles() -> str:
    return f"<style>{STYLES.read_text(encoding='utf-8')}</style>"


def _heading(title: str) -> str:
    return f"<h2>{_safe(title)}</h2>" if title else ""


def _as_cell(value: Value) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def _cell(tag: str, cell: Cell) -> str:
    kinds = (
        ("sheet-number", cell.is_number),
        ("sheet-code", cell.is_code),
        ("sheet-whole", cell.is_whole),
    )
    shown = " ".join(name for name, is_so in kinds if is_so)
    return f'<{tag} class="{shown}">{_inner(cell)}</{tag}>'


def _inner(value: Value) -> str:
    cell = _as_cell(value)
    if cell.wrong is None:
        return _safe(cell.text)
    return (f'<span class="sheet-wrong">{WRONG}{_safe(cell.text)} '
            f"<em>{_safe(cell.wrong)}</em></span>")  # fmt: skip


def _safe(text: str) -> str:
    return escape(inert(text))
