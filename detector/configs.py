"""Configs of networks and references: checked against the dataclass each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from detector.errors import BundleError


def checked_config(
    kind: str, name: str, config: dict[str, Any], known: Mapping[str, tuple[type[Any], Any]]
) -> Any:  # noqa: ANN401 -- each has its own
    """Build the config of one of ``known``.

    Args:
        kind: ``network`` or ``reference``, for messages.
        name: Of the member asked for.
        config: Its fields; missing ones take their defaults.
        known: Name to config dataclass and whatever is built from it.

    Raises:
        BundleError: If the name or a field is unknown, of the wrong type or out of range.
    """
    if name not in known:
        raise BundleError(f"{kind} {name!r}, allowed: {', '.join(sorted(known))}")
    config_type = known[name][0]
    allowed = set(config_type.__dataclass_fields__)
    if unknown := sorted(set(config) - allowed):
        raise BundleError(
            f"{kind} {name}: unknown field {', '.join(unknown)}, allowed: "
            + ", ".join(sorted(allowed))
        )
    try:
        return msgspec.convert(config, config_type)
    except msgspec.ValidationError as error:
        raise BundleError(f"{kind} {name}: {error}") from None
