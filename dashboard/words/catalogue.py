"""All that the page says, by language: ``<language>/<part of the page>.toml``.

A language is a folder: the same files, keys and fields as ``en``. A text that depends on a count
is a table of its plural forms (``one``, ``other``), chosen by ``n``. The browser's modules say
the same texts by ``assets/words.js``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

from babel import Locale, UnknownLocaleError

FOLDER = Path(__file__).resolve().parent
DEFAULT = "en"

Text: TypeAlias = str | dict[str, str]


@cache
def languages() -> tuple[str, ...]:
    """Those there are, the default first."""
    found = sorted(path.name for path in FOLDER.iterdir() if (path / "common.toml").exists())
    return (DEFAULT, *(name for name in found if name != DEFAULT))


@cache
def texts(language: str) -> Mapping[str, Text]:
    """Every text of a language by its key, ``<part>.<name>``."""
    return {
        f"{path.stem}.{name}": text
        for path in sorted((FOLDER / language).glob("*.toml"))
        for name, text in tomllib.loads(path.read_text(encoding="utf-8")).items()
    }


@cache
def as_json(language: str) -> bytes:
    """The same for the browser, with the language's name."""
    found = {"language": language, "texts": dict(texts(language))}
    return json.dumps(found, ensure_ascii=False).encode()


def closest(wanted: str | None) -> str:
    """The language for what a browser or an address asks for, such as ``ko-KR``."""
    try:
        language = Locale.parse(wanted or DEFAULT, sep="-").language
    except (ValueError, UnknownLocaleError, TypeError):
        return DEFAULT
    return language if language in languages() else DEFAULT


def say(language: str, key: str, **fields: object) -> str:
    """A text with its fields put in.

    Args:
        language: One of ``languages()``.
        key: ``<part>.<name>``.
        fields: By their names in the text; ``n`` also chooses among plural forms.

    Raises:
        KeyError: If there is no such text, or a field is missing.
    """
    text = texts(language)[key]
    if not isinstance(text, str):
        text = form(language, text, fields["n"])
    return text.format(**fields) if fields else text


def form(language: str, text: Text, n: object) -> str:
    """The plural form that suits a count; where a text has but one, that."""
    if isinstance(text, str):
        return text
    count = n if isinstance(n, int | float) else 2  # already written out
    return text[str(Locale.parse(language).plural_form(count))] if len(text) > 1 else text["other"]
