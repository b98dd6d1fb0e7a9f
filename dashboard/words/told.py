"""What the detector says, in the language of the page.

The detector makes its sentences in English, and these are stored and sent. ``<language>/told/``
holds each as a template, under one key in all languages: a sentence is matched with the English
ones and said anew with what stood in their places. One that fits none is shown as it is.

A place is ``{name}``, any text, which stays as it is; ``{name:number}``; ``{name:told}``, a
sentence of its own; or ``{name:lengths}``, one of the phrases in ``told/parts/lengths.toml``. With
``*`` behind the kind there are several, with commas between them.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from babel.numbers import format_decimal

from dashboard.words import catalogue
from dashboard.words.catalogue import Text

SENTENCES, NUMBER, ANY, SEVERAL = "told", "number", "", "*"
GENERAL = "general."
PLACES = {NUMBER: r"[-+]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)"}
BETWEEN, AFTER = ", ", "; "  # several of a place; several sentences
DEEPEST = 4  # sentences in sentences
LONGEST = 2000  # characters; what is longer is hostile, or no sentence
KEPT = 4096  # sentences that are said again and again


@dataclass(frozen=True, slots=True)
class Template:
    """One form of a sentence in English.

    Attributes:
        key: Its name, the same in all languages.
        pattern: What fits it.
        literal: The longest part that is the same in all such sentences.
        places: Kind of each place by its name.
    """

    key: str
    pattern: re.Pattern[str]
    literal: str
    places: dict[str, str]


def translated(language: str, sentence: str) -> str:
    """A sentence of the detector in a language; itself where no template fits.

    Args:
        language: One of ``catalogue.languages()``.
        sentence: In English, as it was stored; what is not safe to show in it still is not.
    """
    if language == catalogue.DEFAULT or len(sentence) > LONGEST:
        return sentence
    return _kept(language, sentence)


@lru_cache(KEPT)
def _kept(language: str, sentence: str) -> str:
    return _said(language, SENTENCES, sentence, 0)


def _said(language: str, kind: str, sentence: str, depth: int) -> str:
    found = fitting(kind, sentence) if depth <= DEEPEST else None
    is_several = kind == SENTENCES and AFTER in sentence
    if is_several and (found is None or found[0].key.startswith(GENERAL)):
        return AFTER.join(_said(language, kind, one, depth + 1) for one in sentence.split(AFTER))
    if found is None:
        return sentence
    template, parts = found
    fields = {
        name: _place(language, template.places[name], part, depth + 1)
        for name, part in parts.items()
    }
    text = catalogue.form(language, texts(language, kind)[template.key], _count(parts))
    return text.format(**fields)


def fitting(kind: str, sentence: str) -> tuple[Template, dict[str, str]] | None:
    """The template that a sentence fits, with what stands in its places; None: none.

    Args:
        kind: ``told``, or a file of ``told/parts/``.
        sentence: In English.
    """
    for template in templates(kind):
        if template.literal in sentence and (found := template.pattern.fullmatch(sentence)):
            return template, found.groupdict()
    return None


@cache
def templates(kind: str) -> tuple[Template, ...]:
    """All of a kind, the most certain first.

    Those known from their first word on come before others, and among both those with the most
    words of their own; ``told/general.toml``, which fits much, comes last.
    """
    forms = [
        (key, form)
        for key, text in texts(catalogue.DEFAULT, kind).items()
        for form in ([text] if isinstance(text, str) else text.values())
    ]
    forms.sort(key=lambda pair: (
        pair[0].startswith(GENERAL), pair[1].startswith("{"), -_literals(pair[1]),
    ))  # fmt: skip
    return tuple(_template(key, form) for key, form in forms)


@cache
def texts(language: str, kind: str) -> dict[str, Text]:
    """The templates of a language by their keys, ``<file>.<name>``."""
    folder = catalogue.FOLDER / language / "told"
    files = folder.glob("*.toml") if kind == SENTENCES else [folder / "parts" / f"{kind}.toml"]
    return {
        f"{path.stem}.{name}": text
        for path in sorted(files)
        for name, text in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }


def _template(key: str, form: str) -> Template:
    parts, longest, places = [], "", {}
    for literal, name, kind in _parsed(form):
        longest = max(longest, literal, key=len)
        parts.append(re.escape(literal))
        if name is not None:
            places[name] = kind
            parts.append(f"(?P<{name}>{PLACES.get(kind, '.+?')})")
    return Template(key, re.compile("".join(parts), re.DOTALL), longest, places)


def _parsed(form: str) -> Iterator[tuple[str, str | None, str]]:
    """Each literal with the name and the kind of the place behind it."""
    for literal, name, kind, _ in string.Formatter().parse(form):
        yield literal, name, kind or ANY


def _literals(form: str) -> int:
    return sum(len(literal) for literal, _, _ in _parsed(form))


def _place(language: str, kind: str, part: str, depth: int) -> str:
    if kind.endswith(SEVERAL):
        own = kind.removesuffix(SEVERAL)
        return BETWEEN.join(_place(language, own, one, depth) for one in part.split(BETWEEN))
    if kind == NUMBER:
        return _number(language, part)
    return part if kind == ANY else _said(language, kind, part, depth)


def _number(language: str, text: str) -> str:
    """As the language writes it, with as many digits."""
    if not text.lstrip("+-").replace(",", "").replace(".", "").isdecimal():
        return text  # with an exponent, or none at all
    digits = len(text.partition(".")[2])
    pattern = f"#,##0.{'0' * digits}".rstrip(".")
    return str(format_decimal(Decimal(text.replace(",", "")), pattern, language))


def _count(parts: dict[str, str]) -> object:
    """What chooses among plural forms."""
    text = parts.get("n", "").replace(",", "")
    return float(text) if text.replace(".", "").isdecimal() else text
