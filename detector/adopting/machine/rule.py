"""A rule put into the settings file: everything else in it stays as it is, comments included."""

from __future__ import annotations

import re
import shutil
import tomllib
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from detector.errors import SettingsError
from detector.settings.devices import SHIPPED_RULES
from detector.settings.load import load_settings
from detector.settings.tree import Settings

DEVICES = "devices"
KEPT = (
    "alarms",
    "criticality",
    "clock",
    "hold_s",
    "align",
)  # of the rule that held before; the rest is the model
_HEADER = re.compile(r"^\s*\[\[\s*devices\s*\]\]", re.MULTILINE)
_SHIPPED = "# The shipped rules, which held while this file had none."


def as_the_detector_finds_it(out: Path) -> Path:
    """Relative to the working directory, like the shipped rules, where it lies below it."""
    whole = out.absolute()
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole


def rule_lines(device: str, model: Path) -> str:
    """The lines that give one device a model."""
    return _lines({"match": escape(device), "model": model.as_posix()})


def put_rule(file: Path, device: str, model: Path) -> None:
    """Let ``model`` watch ``device``; the file is replaced once the result is checked.

    The new rule stands before the first other that matches and takes over what that one says
    beside its model; a rule of exactly this device gets the model instead. A file without rules
    gets the shipped ones too, for they hold only where there are none.

    Args:
        file: Settings file; made where there is none.
        device: Its name, no pattern.
        model: Folder of the bundle, as the detector finds it from where it runs.

    Raises:
        SettingsError: If the file cannot be read or written, or the result would be refused.
    """
    text = _read(file)
    new = file.resolve().with_name(f".{file.name}.new")
    try:
        new.write_text(with_rule(text, device, model), encoding="utf-8")
        if file.exists():
            shutil.copymode(file, new)
        _check(load_settings(new), file, device, model)
        new.replace(file.resolve())
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written ({error.strerror})") from None
    finally:
        new.unlink(missing_ok=True)


def with_rule(text: str, device: str, model: Path) -> str:
    """The text of a settings file with a rule more, or with another model in its rule.

    Raises:
        SettingsError: If the text is not TOML.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise SettingsError(f"settings: not TOML: {error}") from None
    rules: Any = document.get(DEVICES)
    if rules is None:
        return _with_first_rules(text, device, model)
    own = {"match": escape(device), "model": model.as_posix()}
    same = [rule for rule in rules if rule.get("match") in (own["match"], device)]
    if same:
        same[0]["model"] = own["model"]
        return document.as_string()
    place = _place(document.unwrap()[DEVICES], device)
    own |= _kept(document.unwrap()[DEVICES], device)
    return _inserted(text, place, own) or _inserted_by_tree(document, rules, place, own)


def _with_first_rules(text: str, device: str, model: Path) -> str:
    shipped = [_lines({"match": r.match, "model": str(r.model)}) for r in SHIPPED_RULES]
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    return before + "\n".join([rule_lines(device, model), _SHIPPED, *shipped])


def _place(rules: list[dict[str, Any]], device: str) -> int:
    """Number of the first rule that matches; 0 where none does."""
    matching = (i for i, rule in enumerate(rules) if fnmatchcase(device, str(rule.get("match"))))
    return next(matching, 0)


def _kept(rules: list[dict[str, Any]], device: str) -> dict[str, Any]:
    before = next((r for r in rules if fnmatchcase(device, str(r.get("match")))), {})
    return {key: before[key] for key in KEPT if key in before}


def _inserted(text: str, place: int, own: dict[str, Any]) -> str | None:
    """Lines put before the header of a rule and the comments on it; None where that goes wrong."""
    headers = [found.start() for found in _HEADER.finditer(text)]
    if place >= len(headers):
        return None
    before = text[: headers[place]].splitlines(keepends=True)
    while before and before[-1].lstrip().startswith("#"):
        before.pop()
    start = sum(len(line) for line in before)
    made = f"{text[:start]}{_lines(own)}\n{text[start:]}"
    return made if _is_as_meant(text, made, place, own) else None


def _is_as_meant(text: str, made: str, place: int, own: dict[str, Any]) -> bool:
    wanted = tomllib.loads(text)
    wanted[DEVICES].insert(place, own)
    try:
        return tomllib.loads(made) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _inserted_by_tree(
    document: tomlkit.TOMLDocument,
    rules: Any,  # noqa: ANN401 -- an array of tables, or an array of inline ones
    place: int,
    own: dict[str, Any],
) -> str:
    made = tomlkit.table() if isinstance(rules, AoT) else tomlkit.inline_table()
    made.update(own)
    rules.insert(place, made)
    return document.as_string()


def _lines(own: dict[str, Any]) -> str:
    """A rule as a person would write it: its tables inline, so that it is one block."""
    table = tomlkit.table()
    for key, value in own.items():
        table[key] = _inline(value)
    return f"[[{DEVICES}]]\n{tomlkit.dumps(table)}"


def _inline(value: Any) -> Any:  # noqa: ANN401 -- whatever a setting may be
    if not isinstance(value, dict):
        return value
    made = tomlkit.inline_table()
    made.update(value)
    return made


def _check(settings: Settings, file: Path, device: str, model: Path) -> None:
    """What the detector will read must be what was meant; the environment stands above the file."""
    rule = settings.rule_for(device)
    if rule is None or rule.model != model:
        found = "none" if rule is None else str(rule.model)
        raise SettingsError(
            f"{file}: the model of {device} would be {found}, not {model}; allowed: no "
            "FAULTLINE_DEVICES in the environment"
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(f"{file}: cannot be read ({reason}), allowed: a TOML file") from None
