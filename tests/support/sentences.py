"""Sentences of the detector read out of its code: what it raises, and what it returns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PROBE = "7"  # stands in every place: a number, and a name as well
WORD = re.compile(r"(?<![\w.`/=-])[a-z]{3,}(?![\w.`/=])")
QUOTED = re.compile(r"`[^`]*`")


def raised(module: str, error: str, besides: frozenset[str] = frozenset()) -> set[str]:
    """What the functions of a module raise ``error`` with, those named aside."""
    return {
        text
        for function in _functions(module, besides)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == error and node.args
        for text in _texts(node.args[0])
    }


def returned(module: str, *functions: str) -> set[str]:
    """What functions of a module return or yield as a text of their own."""
    return {
        text
        for function in _functions(module, frozenset())
        if function.name in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None
        for text in _texts(node.value)
    }


def english_in(said: str) -> list[str]:
    """Words of a sentence that are still English; names and commands are no words."""
    return WORD.findall(QUOTED.sub("", said))


def _functions(module: str, besides: frozenset[str]) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse((PROJECT / module).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name not in besides:
            yield node


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(_part(part) for part in node.values)


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.FormattedValue)
    call, spec = node.value, node.format_spec
    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "counted":
        noun = call.args[1]
        assert isinstance(noun, ast.Constant)
        return f"{PROBE} {noun.value}s"
    is_percent = isinstance(spec, ast.JoinedStr) and ast.unparse(spec).rstrip("'").endswith("%")
    return f"{PROBE}%" if is_percent else PROBE
