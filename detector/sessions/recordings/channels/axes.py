"""Measurements whose values (Y) name the axis (X) they belong to, as test benches export them.

Each value of ``Y`` is a struct with ``Name``, ``Data``, ``Unit`` and ``Raster``; the value of ``X``
with the same raster has its times. The bearing data of Paderborn University are such files.
"""

from __future__ import annotations

from dataclasses import replace

from detector.sessions.recordings.channels.tree import Items, Node, Numbers, Struct, Text


def with_axes(node: Struct) -> Struct:
    """The struct with one struct a raster in place of ``X`` and ``Y``; others as they are.

    Args:
        node: A struct of any kind.
    """
    axes, values = _curves(node.fields.get("X")), _curves(node.fields.get("Y"))
    if not axes or not values:
        return node
    rasters: dict[str, Node] = {}
    for raster in dict.fromkeys(_word(curve, "Raster") for curve in values):
        rasters[raster or "Y"] = _raster(raster, axes, values)
    others = {name: value for name, value in node.fields.items() if name not in ("X", "Y")}
    return replace(node, fields=others | rasters)


def _raster(raster: str, axes: list[Struct], values: list[Struct]) -> Struct:
    times = [curve.fields["Data"] for curve in axes if _word(curve, "Raster") == raster]
    fields: dict[str, Node] = {"time": times[0]} if len(times) == 1 else {}
    for k, curve in enumerate(values):
        if _word(curve, "Raster") == raster:
            name = _word(curve, "Name") or f"Y.{k}"
            fields[name if name not in fields else f"{name}.{k}"] = _with_unit(curve)
    return Struct(fields)


def _curves(node: Node | None) -> list[Struct]:
    items = node.items if isinstance(node, Items) else (node,)
    curves = [item for item in items if isinstance(item, Struct)]
    whole = len(curves) == len(items) and all(_is_curve(curve) for curve in curves)
    return curves if whole else []


def _is_curve(curve: Struct) -> bool:
    return isinstance(curve.fields.get("Data"), Numbers) and "Raster" in curve.fields


def _word(curve: Struct, field: str) -> str:
    value = curve.fields.get(field)
    return value.words[0].strip() if isinstance(value, Text) and value.words else ""


def _with_unit(curve: Struct) -> Node:
    values, unit = curve.fields["Data"], _word(curve, "Unit")
    return replace(values, unit=unit) if isinstance(values, Numbers) else values
