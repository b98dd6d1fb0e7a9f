"""Reading the settings: file and environment, each refusal one line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic_settings
from pydantic import ValidationError

from detector.errors import SettingsError
from detector.settings.tree import PREFIX, Settings

FILE_VARIABLE = "FAULTLINE_SETTINGS"
DEFAULT_FILE = Path("faultline.toml")
SECRETS = ("password", "token", "secret")  # of a setting's name; a URL with an @ may hold one too
NOT_SETTINGS = {FILE_VARIABLE, "FAULTLINE_DATA"}  # the recorded data of checks and benchmarks


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        path: Settings file; None: the file named by ``FAULTLINE_SETTINGS``, else
            ``faultline.toml`` in the working directory when there is one.

    Returns:
        The checked tree.

    Raises:
        SettingsError: If the file is missing or broken, or a setting is unknown or out of range.
    """
    _refuse_unknown_variables()
    chosen: Path | None = settings_file(path)
    if chosen == DEFAULT_FILE and path is None and not DEFAULT_FILE.exists():
        chosen = None
    try:
        return Settings(**_read_toml(chosen))
    except ValidationError as error:
        raise SettingsError(_one_line(error, chosen)) from None
    except pydantic_settings.SettingsError as error:  # a variable that should be JSON
        raise SettingsError(f"environment: {error}, allowed: JSON") from None


def settings_file(path: Path | None = None) -> Path:
    """The file that ``load_settings`` reads, or would if it were there."""
    return path or Path(os.environ.get(FILE_VARIABLE, DEFAULT_FILE))


def _read_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}), allowed: a TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    return tables


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for variable in os.environ:
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable.split("__")[0] not in known:
            raise SettingsError(
                f"environment: unknown setting {variable}, allowed sections: "
                + ", ".join(sorted(f"{name}__…" for name in known))
            )


def _one_line(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    where = path or "environment"
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown setting {key}"
    found = "" if _is_secret(first["loc"], first["input"]) else f", found {first['input']!r}"
    return f"{where}: {key}{found}: {first['msg']}"


def _is_secret(where: tuple[int | str, ...], found: object) -> bool:
    """Whether what was found may hold a password: a URL does, and whatever has one in it."""
    if where[0] == "notify" and (len(where) < 3 or str(where[2]).startswith(("url", "name"))):
        return True
    said = f"{where} {found}" if isinstance(found, Mapping) else str(where)
    return any(word in said for word in SECRETS) or "@" in str(found)
