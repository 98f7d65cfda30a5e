"""Parties stand alone: who imports whom, what packages export, and what modules are called."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PARTIES = ROOT / "euicc_sim" / "parties"
PREFIX = "euicc_sim.parties"

SHARED = {"messages", "clients"}
MAY_IMPORT = {
    "messages": set[str](),
    "clients": {"messages"},
    "eim": SHARED,
    "ipa": SHARED | {"lpa"},
    "lpa": SHARED,
    "authentication": {"messages"},
    "smdpp": SHARED | {"authentication"},
    "smds": SHARED | {"authentication"},
}
"""What each room may import beside itself."""


def imports_in(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Every import below a folder: the file, the module, and the name, "" for a module's own."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(), str(path))):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from ((path, node.module, one.name) for one in node.names)
            elif isinstance(node, ast.Import):
                yield from ((path, one.name, "") for one in node.names)


def wrong_arrows(parties: Path) -> Iterator[str]:
    for path, module, name in imports_in(parties):
        inside = path.relative_to(parties).parts
        if not f"{module}.".startswith(f"{PREFIX}."):
            continue
        target = (f"{module}.{name}".removeprefix(PREFIX + ".")).partition(".")[0]
        room = inside[0] if len(inside) > 1 else ""
        if target != room and target not in MAY_IMPORT.get(room, set()):
            yield f"{'/'.join(inside)} imports {module}.{name}"


def test_parties_import_what_is_shared_and_never_each_other() -> None:
    assert list(wrong_arrows(PARTIES)) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("smdpp", "from euicc_sim.parties.lpa import Lpa"),
        ("lpa", "import euicc_sim.parties.ipa"),
        ("eim", "from euicc_sim.parties import smdpp"),
        ("messages", "from euicc_sim.parties.clients import Es9Client"),
        ("clients", "from euicc_sim.parties.lpa.lpa import Lpa"),
    ],
)
def test_a_planted_arrow_is_found(tmp_path: Path, room: str, line: str) -> None:
    (tmp_path / room).mkdir()
    (tmp_path / room / "spy.py").write_text(line)
    assert [one.partition(" ")[0] for one in wrong_arrows(tmp_path)] == [f"{room}/spy.py"]


@pytest.mark.slow
@pytest.mark.parametrize("room", sorted(set(MAY_IMPORT)))
def test_a_party_loads_without_the_others(room: str) -> None:
    program = f"import sys, {PREFIX}.{room}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    rooms = {one.split(".")[2] for one in loaded if one.startswith(f"{PREFIX}.")}
    assert rooms <= MAY_IMPORT[room] | {room}


def test_the_command_line_reads_what_packages_export() -> None:
    found = [
        f"{path.name} imports {module}.{name}"
        for path, module, name in imports_in(ROOT / "euicc_sim" / "cli")
        if module.startswith(PREFIX)
        and not (ROOT / Path(*module.split("."), "__init__.py")).is_file()
    ]
    assert found == []


def packages() -> list[Path]:
    return sorted(path.parent for path in PARTIES.rglob("__init__.py"))


@pytest.mark.parametrize("folder", packages(), ids=lambda one: one.name)
def test_a_package_has_a_first_page(folder: Path) -> None:
    page = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    assert "Start reading at" in page.replace("\n", " ")


def test_no_two_modules_have_one_name() -> None:
    names = Counter(
        path.stem
        for folder in (PARTIES, ROOT / "euicc_sim" / "servers")
        for path in folder.rglob("*.py")
        if path.stem != "__init__"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_any_stays_where_it_is_explained() -> None:
    """pyasn1's types; JSON that a struct holds; fields that correspond by name; words passed on."""
    found = {
        path.relative_to(PARTIES).as_posix()
        for path in PARTIES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id == "Any"
    }
    assert found == {
        "clients/eim_tls.py",
        "eim/eim_file.py",
        "eim/server/card_records.py",
        "messages/encoding.py",
    }
