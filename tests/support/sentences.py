"""Sentences of the detector read out of its code: what it raises, and what it returns."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from dashboard.words.told import translated

PROJECT = Path(__file__).resolve().parents[2]
PROBE = "7"  # stands in every place: a number, and a name as well
WORD = re.compile(r"(?<![\w.`/=-])[a-z]{3,}(?![\w.`/=])")
QUOTED = re.compile(r"`[^`]*`")
NAMES = {"true", "false", "ppm", "protobuf", "null", "gzip"}


def raised(module: str, error: str, besides: Collection[str] = (), at: int = 0) -> set[str]:
    """What the functions of a module raise ``error`` with: its argument ``at``."""
    return {
        text
        for function in _functions(module, besides)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == error and node.args
        for text in _texts(node.args[at])
    }


def returned(module: str, *functions: str) -> set[str]:
    """What functions of a module return or yield as a text of their own."""
    return {
        text
        for function in _functions(module)
        if function.name in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None
        for text in _texts(node.value)
    }


def written(module: str, *functions: str) -> set[str]:
    """Every text with a word that is written in functions, their docstrings aside."""
    return {
        text
        for function in _functions(module)
        if function.name in functions
        for statement in function.body[isinstance(function.body[0], ast.Expr) :]
        for node in _outermost(statement)
        for text in _texts(node)
        if english_in(text)
    }


def arguments(module: str, function: str) -> set[str]:
    """Texts that a function is called with somewhere in a module."""
    return {
        text
        for node in ast.walk(ast.parse((PROJECT / module).read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function
        for argument in node.args
        for text in _texts(argument)
    }


def korean(sentence, *names):
    """A sentence in Korean, of which no English is left but names."""
    said = translated("ko", sentence)
    left = [word for word in english_in(said) if word not in {*NAMES, *names}]
    assert said != sentence, f"no template in words/en/told fits: {sentence}"
    assert not left, f"{sentence} -> {said}"
    return said


def noted(module: str, *names: str) -> set[str]:
    """Texts that are kept under a name: an argument, an attribute, or the entries of one."""
    tree = ast.parse((PROJECT / module).read_text("utf-8"))
    return {
        text
        for node in ast.walk(tree)
        if (isinstance(node, ast.keyword) and node.arg in names)
        or (isinstance(node, ast.Assign) and any(_name(one) in names for one in node.targets))
        if node.value is not None
        for text in _texts(node.value)
    }


def english_in(said: str) -> list[str]:
    """Words of a sentence that are still English; names and commands are no words."""
    return WORD.findall(QUOTED.sub("", said))


def _functions(module: str, besides: Collection[str] = ()) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse((PROJECT / module).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name not in besides:
            yield node


def _name(node: ast.expr) -> str:
    held = node.value if isinstance(node, ast.Subscript) else node
    return held.attr if isinstance(held, ast.Attribute) else getattr(held, "id", "")


def _outermost(node: ast.AST) -> Iterator[ast.expr]:
    """Texts in a statement, those aside that stand in another."""
    if isinstance(node, ast.JoinedStr | ast.Constant):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _outermost(child)


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
