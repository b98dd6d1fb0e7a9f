"""The page says the same in every language, and says nothing that is in no catalogue."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from dashboard.words import catalogue
from tests.test_architecture import PROJECT

CALL = re.compile(r"""\bsay\(\s*["'`]([a-z_]+\.[a-z0-9_]+)["'`]""")
KEY = re.compile(r"""["'`]([a-z_]+\.[a-z0-9_]+)["'`]""")
CODE = [
    path
    for path in (PROJECT / "dashboard").rglob("*")
    if path.suffix in {".py", ".js"} and "__pycache__" not in path.parts
]
OTHERS = [language for language in catalogue.languages() if language != catalogue.DEFAULT]
ENGLISH = catalogue.texts(catalogue.DEFAULT)


def fields(text):
    """Names in braces, of any of the plural forms."""
    forms = [text] if isinstance(text, str) else text.values()
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def mentioned(pattern):
    """Keys in the code, and where."""
    return {key: path for path in CODE for key in pattern.findall(path.read_text(encoding="utf-8"))}


def test_there_are_english_and_korean():
    """Both are shipped."""
    assert {"en", "ko"} <= set(catalogue.languages())


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_same_texts_with_the_same_fields(language):
    """A text that a language lacks would fail when it is shown."""
    theirs = catalogue.texts(language)
    assert set(theirs) == set(ENGLISH)
    assert {key: fields(text) for key, text in theirs.items()} == {
        key: fields(text) for key, text in ENGLISH.items()
    }
    assert all(theirs[key] for key in theirs)


def test_what_is_said_is_in_the_catalogue():
    """So would a key that no file has."""
    missing = {key: path.name for key, path in mentioned(CALL).items() if key not in ENGLISH}
    assert not missing


def test_no_text_is_left_over():
    """What nobody says any more goes."""
    prefixes = {match for path in CODE for match in PREFIX.findall(path.read_text("utf-8"))}
    known = mentioned(KEY).keys()
    assert not [
        key for key in ENGLISH if key not in known and not key.startswith(tuple(prefixes) or "\0")
    ]


PREFIX = re.compile(r"""say\(f?["'`]([a-z_]+\.[a-z0-9_]*)\$?\{""")  # say(f"alarms.life_{life}")


def test_plural_forms_and_unknown_languages(tmp_path, monkeypatch):
    """Chosen by the count, and the closest language there is."""
    for language, text in (("en", 'one = "{n} alarm"\nother = "{n} alarms"'),
                           ("ko", 'other = "알람 {n}개"')):  # fmt: skip
        Path(tmp_path, language).mkdir()
        Path(tmp_path, language, "common.toml").write_text(f"[count]\n{text}\n", "utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    for cached in (catalogue.texts, catalogue.languages):
        cached.cache_clear()
    try:
        said = [catalogue.say("en", "common.count", n=n) for n in (1, 2)]
        assert said == ["1 alarm", "2 alarms"]
        assert catalogue.say("ko", "common.count", n=1) == "알람 1개"
        asked = [catalogue.closest(text) for text in ("ko-KR", "ko", "de-AT", "x'\"", None, "")]
        assert asked == ["ko", "ko", "en", "en", "en", "en"]
    finally:
        for cached in (catalogue.texts, catalogue.languages):
            cached.cache_clear()
