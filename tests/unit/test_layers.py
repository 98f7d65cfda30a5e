"""Who may import whom, and who alone may touch the outside world."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("apdu", "keys", "euicc_sim")

FORBIDDEN: dict[str, tuple[str, ...]] = {
    # what a module (or all below a package) must not import, with everything below that
    "apdu": ("euicc_sim", "keys"),
    "keys": ("euicc_sim", "apdu"),
    "euicc_sim.model": ("pyasn1", "pyasn1_modules", "json", "pydantic", "apdu", "keys"),
    "euicc_sim.crypto": ("euicc_sim", "apdu", "keys"),
    "euicc_sim.formats.bpp": ("euicc_sim", "keys", "cryptography", "pyasn1"),
    "euicc_sim.formats.saip": (
        "euicc_sim.model",
        "euicc_sim.es10",
        "euicc_sim.es10.session",
        "euicc_sim.crypto",
        "keys",
        "pyasn1",
        "cryptography",
    ),
    "euicc_sim.asn1": (
        "euicc_sim.model",
        "euicc_sim.es10",
        "euicc_sim.es10.session",
        "euicc_sim.crypto",
        "keys",
    ),
    "euicc_sim.es10": ("json", "os", "pathlib", "keys", "pyasn1", "cryptography"),
    "euicc_sim.es10.session": ("apdu", "json", "os", "pathlib"),
    "euicc_sim.transport": (
        "euicc_sim.card",
        "euicc_sim.es10",
        "euicc_sim.model",
        "euicc_sim.parties",
        "euicc_sim.store.directory",
    ),
    "euicc_sim.readings": ("euicc_sim",),
    "euicc_sim.env": ("euicc_sim", "apdu", "keys"),
    "euicc_sim.card": ("pyasn1", "json", "os"),
    "euicc_sim.applications.isdr": ("euicc_sim",),
    "euicc_sim.applications.ecasd": ("euicc_sim",),
    "euicc_sim.applications.uicc": ("euicc_sim",),
    "euicc_sim.tracing": (
        "euicc_sim.asn1",
        "euicc_sim.model",
        "euicc_sim.es10",
        "euicc_sim.store.directory",
        "euicc_sim.applications.isdr",
        "euicc_sim.card",
        "euicc_sim.es10.session",
        "euicc_sim.store.making",
        "euicc_sim.parties",
        "keys",
    ),
    "euicc_sim.servers": (
        "euicc_sim.model",
        "euicc_sim.es10",
        "euicc_sim.store.directory",
        "euicc_sim.applications.isdr",
        "euicc_sim.card",
        "euicc_sim.es10.session",
        "euicc_sim.store.making",
    ),
    "euicc_sim.parties": (
        "euicc_sim.model",
        "euicc_sim.es10",
        "euicc_sim.store.directory",
        "euicc_sim.applications.isdr",
        "euicc_sim.card",
        "euicc_sim.es10.session",
        "euicc_sim.store.making",
        "euicc_sim.store.document",
        "euicc_sim.store.records",
        "euicc_sim.formats.saip",
        "euicc_sim.applications.uicc",
    ),
}

UPWARDS: dict[str, tuple[str, ...]] = {
    # nobody below may import these; only the modules that are named may
    "euicc_sim.transport": ("euicc_sim.transport", "euicc_sim.cli"),
    "euicc_sim.tracing": ("euicc_sim.tracing", "euicc_sim.cli"),
    "euicc_sim.servers": ("euicc_sim.servers", "euicc_sim.cli"),
    "euicc_sim.cli": ("euicc_sim.cli", "euicc_sim.__main__"),
    "euicc_sim.pytest_plugin": (),
    "pytest": ("euicc_sim.pytest_plugin",),
    "euicc_sim.card": (
        "euicc_sim",
        "euicc_sim.cli",
        "euicc_sim.pytest_plugin",
        "euicc_sim.transport",
    ),
    "euicc_sim.store.directory": (
        "euicc_sim",
        "euicc_sim.card",
        "euicc_sim.cli",
        "euicc_sim.store.making",
    ),
    "euicc_sim.store.document": (
        "euicc_sim.store.directory",
        "euicc_sim.store.rendering",
        "euicc_sim.cli",
    ),
    "euicc_sim.store.rendering": ("euicc_sim.store.rendering", "euicc_sim.store.directory"),
    "euicc_sim.applications.isdr": ("euicc_sim.card",),
    "euicc_sim.applications.ecasd": ("euicc_sim.card",),
    "euicc_sim.applications.uicc": ("euicc_sim.card",),
    "secrets": ("euicc_sim.env",),
    "starlette": ("euicc_sim.servers",),
    "uvicorn": ("euicc_sim.servers.web_server",),
    "httpx": (
        "euicc_sim.parties.clients.https",
        "euicc_sim.parties.clients.es9",
        "euicc_sim.parties.clients.esipa",
    ),
    "socket": ("euicc_sim.transport", "euicc_sim.servers.web_server", "euicc_sim.tracing.udp"),
    "dpkt": ("euicc_sim.tracing.pcapng",),
}

FILES = (
    "euicc_sim.store.directory",
    "euicc_sim.store.making",
    "euicc_sim.cli",
    "euicc_sim.parties.eim.eim_file",
    "euicc_sim.parties.eim.server.card_records",
    "euicc_sim.parties.messages.safe_file",
    "euicc_sim.servers.package_folder",
    "euicc_sim.servers.tls",
    "euicc_sim.tracing.journal",
    "euicc_sim.tracing.keys",
    "euicc_sim.tracing.pcapng",
    "euicc_sim.transport.link",
    "euicc_sim.transport.readers",
    "keys",
)
"""Where files are read and written; of a card's, only the first two and `keys` know."""

FILE_CALLS = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rename"}


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, parsed(path.read_text())


def imports(tree: ast.Module, *, typing: bool = True) -> Iterator[str]:
    """What a module imports; without `typing` not what it imports for types alone."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
        for_types = (
            isinstance(node, ast.If)
            and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING"
        )
        if typing or not for_types:
            waiting.extend(ast.iter_child_nodes(node))


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def import_faults(root: Path) -> Iterator[str]:
    for name, tree in modules(root):
        for wanted in set(imports(tree, typing=False)):
            for package, banned in FORBIDDEN.items():
                if not inside(name, package) or inside(wanted, package):
                    continue
                if any(inside(wanted, one) for one in banned):
                    yield f"{name} imports {wanted}"
            for target, allowed in UPWARDS.items():
                if not inside(wanted, target):
                    continue
                if not any(
                    name == one or (one != "euicc_sim" and inside(name, one)) for one in allowed
                ):
                    yield f"{name} imports {wanted}"


def file_faults(root: Path) -> Iterator[str]:
    for name, tree in modules(root):
        if any(inside(name, one) for one in FILES):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "open":
                yield f"{name} opens a file in line {node.lineno}"
            if isinstance(node.func, ast.Attribute) and node.func.attr in FILE_CALLS - {"open"}:
                yield f"{name} calls {node.func.attr} in line {node.lineno}"
        if "os" in set(imports(tree)):
            yield f"{name} imports os"


def catch_all_faults(root: Path) -> Iterator[str]:
    for name, tree in modules(root):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            if node.type is None:
                yield f"{name} has a bare except in line {node.lineno}"
            names = {one.id for one in ast.walk(node.type or node) if isinstance(one, ast.Name)}
            if "Exception" in names and name != "euicc_sim.card":
                yield f"{name} catches Exception in line {node.lineno}"


def test_imports_follow_the_arrows() -> None:
    assert sorted(set(import_faults(ROOT))) == []


def test_only_few_modules_touch_files() -> None:
    assert sorted(set(file_faults(ROOT))) == []


def test_only_the_card_catches_everything() -> None:
    assert sorted(set(catch_all_faults(ROOT))) == []


def test_there_is_exactly_one_catch_all() -> None:
    tree = dict(modules(ROOT))["euicc_sim.card"]
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id == "Exception"
    ]
    assert len(found) == 1


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A copy of the packages to spoil."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("apdu/tlv.py", "from euicc_sim.card import Card"),
        ("apdu/cla.py", "import euicc_sim"),
        ("keys/eid.py", "from euicc_sim.model.eim import Eim"),
        ("euicc_sim/model/eim.py", "import json"),
        ("euicc_sim/model/state.py", "from pyasn1.type import univ"),
        ("euicc_sim/es10/eims/contact_list.py", "from euicc_sim.store.directory import JsonStore"),
        ("euicc_sim/es10/info.py", "import secrets"),
        ("euicc_sim/applications/isdr.py", "from euicc_sim.es10 import FUNCTIONS"),
        ("euicc_sim/card.py", "import socket"),
        ("euicc_sim/es10/session.py", "from euicc_sim.transport.vpcd import Control"),
        ("euicc_sim/asn1/codec.py", "from euicc_sim.model.state import State"),
    ],
)
def test_a_planted_import_is_found(planted: Path, module: str, line: str) -> None:
    path = planted / module
    path.write_text(path.read_text() + "\n" + line + "\n")
    name = module.removesuffix(".py").replace("/", ".")
    assert any(one.startswith(f"{name} imports") for one in import_faults(planted))


@pytest.mark.parametrize(
    "word", ["model", "es10", "store.directory", "applications.isdr", "card", "es10.session"]
)
def test_a_party_that_looks_inside_a_card_is_found(planted: Path, word: str) -> None:
    folder = planted / "euicc_sim" / "parties"
    folder.mkdir(exist_ok=True)
    (folder / "spy.py").write_text(f"import euicc_sim.{word}\n")
    found = list(import_faults(planted))
    assert f"euicc_sim.parties.spy imports euicc_sim.{word}" in found


def test_a_planted_file_access_is_found(planted: Path) -> None:
    path = planted / "euicc_sim/es10/eims/contact_list.py"
    path.write_text(path.read_text() + "\nopen('x')\n")
    assert any(
        "euicc_sim.es10.eims.contact_list opens a file" in one for one in file_faults(planted)
    )


@pytest.mark.parametrize(
    "clause", ["except Exception:", "except (ValueError, Exception):", "except:"]
)
def test_a_planted_catch_all_is_found(planted: Path, clause: str) -> None:
    path = planted / "euicc_sim/applications/isdr.py"
    path.write_text(path.read_text() + f"\ntry:\n    pass\n{clause}\n    pass\n")
    assert any(one.startswith("euicc_sim.applications.isdr") for one in catch_all_faults(planted))
