"""The house as `docs/architecture.md` draws it: rooms, imports, and the way of a sample."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "architecture.md"
OURS = ("simulator", "detector", "dashboard", "benchmarks")
CODE = {".py", ".js", ".css", ".sh"}
MOST_FILES, MOST_LINES, MOST_HOPS = 15, 300, 10


def rows(heading):
    """Cells of the table under a heading of the page."""
    part = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    assert lines, f"{PAGE}: no table under {heading}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell):
    """What stands in back quotes."""
    return re.findall(r"`([^`]+)`", cell)


def files(top, endings=CODE):
    """Files of code under a folder of the project."""
    found = [path for path in (PROJECT / top).rglob("*") if path.suffix in endings]
    return sorted(path.relative_to(PROJECT) for path in found if "__pycache__" not in path.parts)


SOURCES = [path for top in OURS for path in files(top, {".py"})]
ROOMS = {names(room)[0].rstrip("/"): set(names(imports)) for room, _, imports in rows("Rooms")}
UPSTAIRS = {names(room)[0].rstrip("/") for room, _, imports in rows("Rooms") if "all" in imports}
HOMES = {library: names(home) for name, home, _ in rows("Dependencies") for library in names(name)}


def imports_of(path):
    """Modules a file imports, anywhere in it."""
    for node in ast.walk(ast.parse((PROJECT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (module_in(node.module, alias.name) for alias in node.names)


def module_in(package, name):
    """`from package import name` names a module where there is such a file."""
    full = f"{package}.{name}"
    return full if Path(PROJECT, *full.split(".")).with_suffix(".py").exists() else package


def home_of(module):
    """The room a module of ours lies in, and the module's path."""
    path = Path(*module.split("."))
    return str(path if (PROJECT / path).is_dir() else path.parent), str(path)


def test_every_folder_of_code_is_a_room_with_a_sentence():
    """A newcomer finds each in the page, and the page names no room that is gone."""
    folders = {str(path.parent) for path in SOURCES if path.name != "__init__.py"}
    assert folders == set(ROOMS)
    assert all(sentence for _, sentence, _ in rows("Rooms"))


@pytest.mark.parametrize("room", sorted(set(ROOMS) - UPSTAIRS))
def test_a_room_imports_what_its_row_says(room):
    """Its own files, and the rooms and files named in the page."""
    allowed = {name.rstrip("/") for name in ROOMS[room]} | {room}
    for path in SOURCES:
        if str(path.parent) != room or path.name == "__main__.py":  # leads down into the house
            continue
        for module in imports_of(path):
            if module.split(".")[0] in OURS:
                assert set(home_of(module)) & allowed, f"{path} imports {module}"


def test_imports_run_one_way():
    """No two rooms lean on each other, however long the way round."""
    order = list(ROOMS)
    for room, imports in ROOMS.items():
        for name in (name.rstrip("/") for name in imports):
            used = name if name in ROOMS else str(Path(name).parent)
            assert used in ROOMS, f"{room}: no room {name}"
            if name in ROOMS:
                assert order.index(used) < order.index(room), f"{room} stands above {used}"


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_heavy_libraries_have_one_home(path):
    """Each is imported only where the page says it lives."""
    if path.parts[0] == "benchmarks":
        return
    for module in imports_of(path):
        homes = HOMES.get(module.split(".")[0])
        assert homes is None or any(
            str(path).startswith(home.rstrip("/")) for home in homes
        ), f"{path} imports {module}"  # fmt: skip


def test_the_light_rooms_start_without_torch():
    """The command line, the page's process and what they read from."""
    code = (
        "import sys, detector.__main__, detector.cli.parser, detector.cli.listings, "
        "detector.cli.writing.export, detector.cli.discover.adopt, detector.service.detector, "
        "detector.alarms.notify, detector.store.frames, detector.thresholds.methods; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_no_file_is_too_long_and_no_folder_too_full():
    """A file that outgrows its page, or a room its name, parts at a seam."""
    found = [path for top in (*OURS, "tests", "docs", ".ci") for path in files(top)]
    long = {str(path): n for path in found if (n := lines_of(path)) > MOST_LINES}
    folders = [path.parent for path in found if path.name != "__init__.py"]
    full = {str(folder): n for folder in folders if (n := folders.count(folder)) > MOST_FILES}
    assert not long
    assert not full


def lines_of(path):
    """Lines of a file."""
    return len((PROJECT / path).read_text().splitlines())


def test_the_way_of_a_sample_is_linked_and_short():
    """Every hop names a function that its file has, in at most ten steps."""
    hops = rows("The way of a sample")
    assert len(hops) <= MOST_HOPS
    for _, link, _ in hops:
        name, target = re.fullmatch(r"\[`([\w.]+)`\]\(\.\./([\w./]+)\)", link).groups()
        assert set(name.split(".")) <= defined_in(PROJECT / target), f"{target}: no {name}"


def defined_in(path):
    """Names of the functions and classes of a file."""
    pattern = r"^\s*(?:async )?(?:def|class) (\w+)"
    if path.suffix == ".js":
        pattern = r"^\s*(?:export )?(?:class |function )?(\w+)\s*(?:\([^;]*\) )?\{$"
    return set(re.findall(pattern, path.read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *map(str, files("docs", {".md"}))]
)
def test_links_between_documents_lead_somewhere(page):
    """To a file that is there."""
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", (PROJECT / page).read_text()):
        assert (PROJECT / page).parent.joinpath(target).exists(), f"{page}: {target}"
