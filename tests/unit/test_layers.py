"""The tree is as docs/architecture.md says: who may import whom, and who alone may touch what.

The tables are read from that page. A fault names the module and the row to look at.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("apdu", "keys", "euicc_sim")
TOP = 6
"""So many modules may lie at the top of euicc_sim/."""

FILE_CALLS = {"read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rename"}

Tree = dict[str, str]
"""The source of each module by its name; a package is the name of its `__init__`."""


class Row(NamedTuple):
    """One package of the page."""

    floor: int
    may: frozenset[str]


# -- the page


@cache
def table(name: str) -> list[list[str]]:
    """The cells of the page's table after the comment of that name, without the head."""
    text = PAGE.read_text().partition(f"<!-- {name} -->")[2].lstrip("\n").partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return rows[2:]


def names(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def rows() -> dict[str, Row]:
    """The packages of the page, by the name that the table gives them."""
    found = {}
    for floor, package, _, may in table("floors"):
        found[names(package)[0]] = Row(int(floor), frozenset(names(may)))
    return found


def libraries() -> dict[str, list[str]]:
    return {one: names(who) for library, who, _ in table("libraries") for one in names(library)}


def files() -> list[str]:
    return [one for where, _ in table("files") for one in names(where)]


# -- the tree


@cache
def _tree() -> Tree:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    return found


def tree() -> Tree:
    return dict(_tree())


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def row_of(module: str) -> str | None:
    """The row of a module: the longest that it lies in."""
    fitting = [one for one in rows() if inside(short(module), one)]
    return max(fitting, key=len, default=None)


@cache
def imports(source: str, *, typing: bool = False) -> frozenset[str]:
    """What a module imports, names out of modules too; with `typing` also for types alone."""
    found: set[str] = set()
    waiting: list[ast.AST] = [parsed(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{one.name}" for one in node.names)
        for_types = (
            isinstance(node, ast.If)
            and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING"
        )
        if for_types and isinstance(node, ast.If) and not typing:
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return frozenset(found)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def short(module: str) -> str:
    """The name as the page writes it."""
    return module.removeprefix("euicc_sim.")


def arrows(modules: Tree) -> Iterator[tuple[str, str]]:
    """Each module of ours with each module of ours that it imports."""
    for name, source in modules.items():
        for wanted in imports(source):
            target = wanted
            while target and target not in modules:
                target = target.rpartition(".")[0]
            if target and target != name:
                yield name, target


# -- the rules


def import_faults(modules: Tree) -> Iterator[str]:
    for module in modules:
        if row_of(module) is None:
            yield f"{module} has no row in the table of floors"
    for module, target in arrows(modules):
        own, other = row_of(module), row_of(target)
        if own and other and own != other and other not in rows()[own].may:
            yield f"{module} imports {target}: {own} may not import {other}"


def page_faults(modules: Tree, page: dict[str, Row]) -> Iterator[str]:
    used = {(row_of(module), row_of(target)) for module, target in arrows(modules)}
    for own, row in page.items():
        if not any(row_of(module) == own for module in modules):
            yield f"{own} has a row and no module"
        for other in row.may:
            if other not in page:
                yield f"{own} may import {other}, which has no row"
            elif page[other].floor >= row.floor:
                yield f"{own} may import {other}, which is not on a lower floor"
            elif (own, other) not in used:
                yield f"{own} may import {other}, and does not: take it from the table"


def library_faults(modules: Tree) -> Iterator[str]:
    who = libraries()
    for module, source in modules.items():
        for wanted in imports(source):
            library = wanted.partition(".")[0]
            if library in PACKAGES or (library in sys.stdlib_module_names and library not in who):
                continue
            if library not in who:
                yield f"{module} imports {library}, which is not in the table of libraries"
            elif not any(inside(short(module), one) for one in who[library]):
                yield f"{module} imports {library}, which only {', '.join(who[library])} may"


def circles(modules: Tree) -> Iterator[str]:
    """Modules that import each other, by whatever way round."""
    below: dict[str, set[str]] = {name: set() for name in modules}
    for module, target in arrows(modules):
        below[module].add(target)
    done: set[str] = set()
    for start in modules:
        path: list[str] = []
        ways = [(start, iter(sorted(below[start])))]
        path.append(start)
        while ways:
            name, rest = ways[-1]
            following = next((one for one in rest if one not in done), None)
            if following is None:
                done.add(name)
                ways.pop()
                path.pop()
            elif following in path:
                yield " -> ".join([*path[path.index(following) :], following])
                done.add(following)
            else:
                ways.append((following, iter(sorted(below[following]))))
                path.append(following)


def store_faults(modules: Tree) -> Iterator[str]:
    for module, target in arrows(modules):
        if inside(module, "euicc_sim.cli") and target.startswith("euicc_sim.store."):
            yield module


def file_faults(modules: Tree) -> Iterator[str]:
    for module, source in modules.items():
        if any(inside(short(module), one) for one in files()):
            continue
        for node in ast.walk(parsed(source)):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "open":
                yield f"{module} opens a file in line {node.lineno}"
            if isinstance(node.func, ast.Attribute) and node.func.attr in FILE_CALLS:
                yield f"{module} calls {node.func.attr} in line {node.lineno}"
        if "os" in imports(source, typing=True):
            yield f"{module} imports os"


def catch_alls(modules: Tree) -> Iterator[str]:
    for module, source in modules.items():
        for node in ast.walk(parsed(source)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = {one.id for one in ast.walk(node.type or node) if isinstance(one, ast.Name)}
            if node.type is None or "Exception" in caught:
                yield f"{module} catches everything"


def top_of_the_house(modules: Tree) -> list[str]:
    folders = {name.split(".")[1] for name in modules if name.count(".") >= 2}
    flat = [name for name in modules if name.count(".") == 1 and inside(name, "euicc_sim")]
    return ["euicc_sim", *(one for one in flat if one.split(".")[1] not in folders)]


def doors(modules: Tree) -> Iterator[str]:
    """Packages that lack a first page: what it is, what it does not know, where to start."""
    packages = [*PACKAGES, *(f"euicc_sim.{one}" for one in rows() if "." not in one)]
    for package in sorted(set(packages)):
        if package not in modules or package in top_of_the_house(modules):
            continue
        page = ast.get_docstring(parsed(modules[package])) or ""
        if len(page) < 300 or not re.search(r"\bStart\b", page):
            yield package


def test_imports_are_those_that_the_page_allows() -> None:
    assert sorted(set(import_faults(tree()))) == []


def test_the_page_has_no_arrow_upwards_and_no_arrow_that_is_not_there() -> None:
    assert sorted(set(page_faults(tree(), rows()))) == []


def test_libraries_are_imported_where_the_page_says() -> None:
    assert sorted(set(library_faults(tree()))) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert list(circles(tree())) == []


def test_the_command_line_reads_what_the_store_exports() -> None:
    assert set(store_faults(tree())) == set()


def test_only_few_modules_touch_files() -> None:
    assert sorted(set(file_faults(tree()))) == []


def test_only_the_card_catches_everything_and_at_one_place() -> None:
    assert list(catch_alls(tree())) == ["euicc_sim.card catches everything"]


def test_the_top_of_the_house_is_small() -> None:
    assert len(top_of_the_house(tree())) <= TOP, top_of_the_house(tree())


def test_every_package_has_a_first_page() -> None:
    assert list(doors(tree())) == []


def test_what_the_page_names_among_libraries_and_files_has_a_row_or_is_to_come() -> None:
    known = {one.partition(".")[0] for one in rows()} | {"web", "fleet"}
    named = {one for who in libraries().values() for one in who} | set(files())
    assert {one for one in named if one.partition(".")[0] not in known} == set()


# -- a planted fault of each kind is found


def planted(module: str, line: str) -> Tree:
    """The tree with a line more in a module, which may be a new one."""
    modules = tree()
    modules[module] = modules.get(module, "") + f"\n{line}\n"
    return modules


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("apdu.tlv", "from euicc_sim.card import Card"),
        ("apdu.cla", "import euicc_sim"),
        ("keys.eid", "from euicc_sim.model.eim import Eim"),
        ("euicc_sim.asn1.codec", "from euicc_sim.model.state import State"),
        ("euicc_sim.applications.isdr", "from euicc_sim.es10 import FUNCTIONS"),
        ("euicc_sim.es10.info", "from euicc_sim.store.directory import JsonStore"),
        ("euicc_sim.es10.session", "from euicc_sim.transport.vpcd import Control"),
        ("euicc_sim.es10.dispatch", "from euicc_sim.es10.packages.psmos import enable"),
        ("euicc_sim.formats.saip.package", "import euicc_sim.model.state"),
        ("euicc_sim.card", "from euicc_sim.parties.eim.eim import Eim"),
        ("euicc_sim.parties.lpa.lpa", "from euicc_sim.parties.ipa.ipa import Ipa"),
        ("euicc_sim.parties.eim.eim", "def f() -> None: from euicc_sim.parties import smdpp"),
        ("euicc_sim.transport.tcp", "from euicc_sim.card import Card"),
        ("euicc_sim.servers.tls", "import euicc_sim.store"),
        ("euicc_sim.new_room.thing", "import apdu"),
    ],
)
def test_a_planted_import_is_found(module: str, line: str) -> None:
    assert any(one.startswith(f"{module} ") for one in import_faults(planted(module, line)))


@pytest.mark.parametrize("word", ["model", "es10", "store.directory", "applications.isdr", "card"])
def test_a_party_that_looks_inside_a_card_is_found(word: str) -> None:
    found = list(import_faults(planted("euicc_sim.parties.lpa.spy", f"import euicc_sim.{word}")))
    assert any(
        one.startswith(f"euicc_sim.parties.lpa.spy imports euicc_sim.{word}") for one in found
    )


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("euicc_sim.model.state", "from pyasn1.type import univ"),
        ("euicc_sim.es10.info", "import secrets"),
        ("euicc_sim.card", "import socket"),
        ("euicc_sim.es10.info", "import msgspec"),
        ("euicc_sim.parties.smdpp.smdpp", "import httpx"),
        ("euicc_sim.cli.main", "import starlette.routing"),
        ("euicc_sim.servers.tls", "import gevent"),
        ("euicc_sim.cli.main", "import numpy"),
    ],
)
def test_a_planted_library_is_found(module: str, line: str) -> None:
    assert any(one.startswith(f"{module} ") for one in library_faults(planted(module, line)))


def test_a_planted_circle_is_found() -> None:
    modules = planted("euicc_sim.model.eim", "from euicc_sim.model.state import State")
    assert any("euicc_sim.model.eim" in one for one in circles(modules))


def test_a_planted_look_into_the_store_is_found() -> None:
    modules = planted("euicc_sim.cli.apdu", "from euicc_sim.store.directory import read")
    assert "euicc_sim.cli.apdu" in set(store_faults(modules))


def test_a_seventh_module_at_the_top_is_found() -> None:
    assert len(top_of_the_house(planted("euicc_sim.helpers", ""))) > TOP


def test_an_arrow_upwards_in_the_page_is_found() -> None:
    page = rows() | {"asn1": Row(1, frozenset({"apdu", "es10"}))}
    found = set(page_faults(tree(), page))
    assert "asn1 may import es10, which is not on a lower floor" in found


def test_a_row_without_a_module_is_found() -> None:
    modules = {name: text for name, text in tree().items() if not inside(name, "euicc_sim.servers")}
    assert "servers has a row and no module" in set(page_faults(modules, rows()))


def test_an_arrow_that_has_gone_is_found() -> None:
    modules = {name: "" if inside(name, "keys") else text for name, text in tree().items()}
    modules |= {name: "" for name in modules if inside(name, "euicc_sim.tracing")}
    assert any(one.startswith("tracing may import") for one in page_faults(modules, rows()))


def test_a_package_without_a_first_page_is_found() -> None:
    modules = tree() | {"euicc_sim.transport": '"""Ways for other programs to reach a card."""'}
    assert "euicc_sim.transport" in set(doors(modules))


@pytest.mark.parametrize("line", ["open('x')", "import os", "Path('x').write_text('')"])
def test_a_planted_file_access_is_found(line: str) -> None:
    assert list(file_faults(planted("euicc_sim.es10.info", line)))


@pytest.mark.parametrize(
    "clause", ["except Exception:", "except (ValueError, Exception):", "except:"]
)
def test_a_planted_catch_all_is_found(clause: str) -> None:
    modules = planted("euicc_sim.applications.isdr", f"try:\n    pass\n{clause}\n    pass\n")
    assert "euicc_sim.applications.isdr catches everything" in list(catch_alls(modules))
