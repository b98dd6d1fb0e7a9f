"""From nested named values to channels: what is a signal, a time, a rate, a list of names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from detector.sessions.recordings.channels.axes import with_axes
from detector.sessions.recordings.channels.channel import Channel, Scope
from detector.sessions.recordings.channels.told import (
    STARTS,
    folded,
    in_seconds,
    is_time,
    moment,
    rate_told,
)
from detector.sessions.recordings.channels.tree import (
    Items,
    Node,
    Numbers,
    Struct,
    Text,
    Unread,
    columns_of,
)

MOST_COLUMNS = 64  # a table as wide as this and not named is windows or a picture
MOST_ITEMS = 1000
KINDS = "biufM"  # numbers and times of numpy's kinds; text is OSU
LABELS, VALUES, UNITS = ("name", "label"), ("data", "values", "value"), ("unit", "units")


def scopes_of(node: Struct, path: str = "", parent: Scope | None = None) -> Iterator[Scope]:
    """The scopes of a struct, itself first.

    Args:
        node: The struct.
        path: Where it stands; empty: it is the file.
        parent: What it stands in.
    """
    node = with_axes(node)
    scope = Scope(path, parent=parent, first=node.first)
    scope.left_out.update({scope.path_of(name): why for name, why in node.unread.items()})
    names = _names(node)
    below: list[tuple[str, Struct]] = []
    for name, value in node.fields.items():
        below += _take(scope, name, value, (names, _time_lengths(node)))
    scope.rate_hz, said = rate_told(node.told | _singles(node))
    scope.notes += [said] if said else []
    _forget_told(scope, node, said)
    yield scope
    for name, struct in below:
        yield from scopes_of(struct, scope.path_of(name), scope)


def _take(
    scope: Scope, name: str, value: Node, beside: tuple[tuple[str, ...], set[int]]
) -> list[tuple[str, Struct]]:
    """Put the channels of a value in the scope; what has fields of its own comes back."""
    if isinstance(value, Numbers):
        _take_numbers(scope, name, value, beside)
    elif isinstance(value, Text):
        scope.left_out[scope.path_of(name)] = "text"
    elif isinstance(value, Unread):
        scope.left_out[scope.path_of(name)] = value.why
    elif isinstance(value, Items):
        return _take_items(scope, name, value, beside)
    elif (channels := _wrapped(name, value)) is not None:
        scope.channels += channels
    else:
        return [(name, value)]
    return []


def _take_items(
    scope: Scope, name: str, value: Items, beside: tuple[tuple[str, ...], set[int]]
) -> list[tuple[str, Struct]]:
    if len(value.items) > MOST_ITEMS:
        scope.left_out[scope.path_of(name)] = f"{len(value.items)} parts, allowed: {MOST_ITEMS}"
        return []
    if all(isinstance(item, Text) for item in value.items):
        scope.left_out[scope.path_of(name)] = "text"
        return []
    names = [name] if len(value.items) == 1 else [f"{name}.{k}" for k in range(len(value.items))]
    taken = (_take(scope, *pair, beside) for pair in zip(names, value.items, strict=True))
    return [pair for found in taken for pair in found]


def _take_numbers(
    scope: Scope, name: str, numbers: Numbers, beside: tuple[tuple[str, ...], set[int]]
) -> None:
    why = _no_signal(numbers)
    names = numbers.names or beside[0]
    axis = None if why else _rows_axis(numbers, names, beside[1])
    if why or axis is None:
        wide = " x ".join(str(numbers.values.shape[k]) for k in numbers.sides)
        scope.left_out[scope.path_of(name)] = why or f"{wide}, too wide for channels side by side"
        return
    rate, said = rate_told(numbers.told)
    turned = len(numbers.sides) == 2 and axis == numbers.sides[1]
    found = (said, "each row is a channel" if turned else "")
    notes = tuple(f"{name}: {sentence}" for sentence in found if sentence)
    for channel in columns_of(name, numbers, names, axis):
        timed = in_seconds(channel) if is_time(channel.name) else channel
        scope.channels.append(replace(timed, rate_hz=rate, notes=timed.notes + notes))


def _no_signal(numbers: Numbers) -> str:
    """Why an array is no signal; empty where it may be one."""
    if numbers.size == 0:
        return "empty"
    if numbers.values.dtype.kind == "c":
        return "complex numbers"
    if numbers.values.dtype.kind not in KINDS + "OSU":
        return f"values of type {numbers.values.dtype}"
    if numbers.size == 1:
        return f"one value, {_shown(numbers.one())}"
    return f"{len(numbers.sides)} dimensions" if len(numbers.sides) > 2 else ""


def _shown(value: object) -> str:
    shown = value.decode(errors="replace") if isinstance(value, bytes) else value
    return f"{shown:.10g}" if isinstance(shown, float) else str(shown)[:80]


def _rows_axis(numbers: Numbers, names: tuple[str, ...], lengths: set[int]) -> int | None:
    """The axis along which a channel's values stand; None: it is not known."""
    if len(numbers.sides) == 1:
        return numbers.sides[0]
    rows, columns = numbers.sides
    n, width = numbers.values.shape[rows], numbers.values.shape[columns]
    if n != width:
        for along, across, axis in ((n, width, rows), (width, n, columns)):
            if along in lengths or (names and across == len(names)):
                return axis
    if min(n, width) > MOST_COLUMNS and n != len(names):
        return None
    return rows if n >= width else columns


def _time_lengths(node: Struct) -> set[int]:
    return {
        value.size
        for name, value in node.fields.items()
        if is_time(name) and isinstance(value, Numbers) and len(value.sides) == 1
    }


def _words(value: Node) -> tuple[str, ...]:
    """A list of words, as a char matrix or as a cell array of text."""
    if isinstance(value, Text):
        return value.words if len(value.words) > 1 else ()
    if isinstance(value, Items) and all(isinstance(item, Text) for item in value.items):
        return tuple(" ".join(item.words) for item in value.items if isinstance(item, Text))
    return ()


def _names(node: Struct) -> tuple[str, ...]:
    """The list of names among the fields; of units there may be another."""
    lists = {
        name: words
        for name, value in node.fields.items()
        if (words := _words(value)) and folded(name) not in UNITS
    }
    fit = [words for words in lists.values() if len(set(words)) == len(words) and all(words)]
    return tuple(word.strip() for word in fit[0]) if len(fit) == 1 else ()


def _singles(node: Struct) -> dict[str, float]:
    ones = {
        name: value.one()
        for name, value in node.fields.items()
        if isinstance(value, Numbers) and value.size == 1 and value.values.dtype.kind in "iuf"
    }
    return {name: float(value) for name, value in ones.items() if isinstance(value, int | float)}


def _forget_told(scope: Scope, node: Struct, said: str) -> None:
    """What told the rate is no longer left out."""
    if scope.rate_hz is not None:
        for name in _singles(node):
            if f"{name} = " in said:
                scope.left_out.pop(scope.path_of(name), None)
    if scope.first is None:
        told = (v for k, v in node.fields.items() if folded(k) in STARTS)
        starts = (v.one() for v in told if isinstance(v, Numbers) and v.size == 1)
        scope.first = next((first for value in starts if (first := moment(value))), None)


def _wrapped(name: str, struct: Struct) -> list[Channel] | None:
    """The channel that a struct describes: its values, and perhaps name, unit and times.

    So are MATLAB's time series (``Time``, ``Data``), Simulink's signals (``label``, ``values``)
    and the exports of measuring software (``Name``, ``Data``, ``Unit``).
    """
    by_name = {folded(field): value for field, value in struct.fields.items()}
    values = next((by_name[v] for v in VALUES if isinstance(by_name.get(v), Numbers)), None)
    others = (v for k, v in by_name.items() if v is not values and not is_time(k))
    if not isinstance(values, Numbers) or any(_is_signal(v) for v in others) or _no_signal(values):
        return None
    label, unit = _first_word(by_name, LABELS), _first_word(by_name, UNITS)
    times = _times(by_name, values)
    if _names(struct) or (not label and times is None):
        return None
    axis = _rows_axis(values, (), {times.length} if times else set())
    if axis is None:
        return None
    rate, _ = rate_told(_singles(struct))
    return [
        replace(channel, unit=unit or channel.unit, times=times, rate_hz=rate)
        for channel in columns_of(label or name, values, (), axis)
    ]


def _is_signal(value: Node) -> bool:
    return isinstance(value, Struct) or (isinstance(value, Numbers) and not _no_signal(value))


def _first_word(by_name: dict[str, Node], names: tuple[str, ...]) -> str:
    found = (by_name.get(name) for name in names)
    return next((v.words[0].strip() for v in found if isinstance(v, Text) and v.words), "")


def _times(by_name: dict[str, Node], values: Numbers) -> Channel | None:
    for name, value in by_name.items():
        along = is_time(name) and isinstance(value, Numbers) and len(value.sides) == 1
        if along and isinstance(value, Numbers) and value.size in values.values.shape:
            return in_seconds(columns_of("time", value, (), value.sides[0])[0])
    return None
