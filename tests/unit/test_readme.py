"""The README and the pages keep up with the code: their commands, files and links."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.function_table import BEGIN, END, TESTS, table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARK = "--- next ---"
DEADLINE = 60.0
_LONG_HEX = re.compile(r"(?=[0-9]*[A-F])[0-9A-F]{40,}…?")
"""Signatures, which are others each time; the README may cut them off."""


def blocks(kind: str) -> list[str]:
    """The fenced blocks of that kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> Iterator[tuple[str, str]]:
    """Each command of the README, and what it prints."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, said = part.partition("\n")
            yield command, said


def plain(said: str) -> str:
    """What was printed, without what differs each time."""
    said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", _LONG_HEX.sub("#", said))
    lines = (one.rstrip() for one in said.splitlines())
    return "\n".join(lines).strip()


@pytest.mark.slow
def test_every_command_prints_what_the_readme_says(tmp_path: Path) -> None:
    told = list(commands())
    script = ["set -u"]
    for number, (command, said) in enumerate(told):
        if command.endswith("&"):
            script.append(f"{command[:-1]} >background-{number} 2>&1 &")
        else:
            script.append(f"{{ {command}; }} 2>&1")
        if command.endswith("&"):
            lines = len(said.splitlines())
            script.append(
                f"until [[ $(wc -l <background-{number}) -ge {lines} ]]; do sleep 0.1; done"
            )
        script.append(f"echo '{MARK}'")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    script.append("kill $(jobs -p)")
    with subprocess.Popen(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as shell:
        out, _ = shell.communicate(timeout=10 * DEADLINE)
    parts = out.split(f"{MARK}\n")
    for number, (command, said) in enumerate(told):
        if command.endswith("&"):
            found = (tmp_path / f"background-{number}").read_text()
            assert plain(found).startswith(plain(said)), command
        else:
            assert plain(parts[number]) == plain(said), command


@pytest.mark.slow
def test_the_tests_of_the_readme_pass(tmp_path: Path) -> None:
    (tmp_path / "test_of_readme.py").write_text("\n".join(blocks("python")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert found.returncode == 0, found.stdout
    assert "2 passed" in found.stdout


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_table_of_functions_is_the_registry_s() -> None:
    """When it is not: python tests/support/write_function_table.py."""
    page = (ROOT / "docs" / "functions.md").read_text()
    assert page.split(BEGIN)[1].split(END)[0].strip() == table()


@pytest.mark.parametrize("name", sorted(set(TESTS.values())))
def test_each_test_that_the_table_names_is_there(name: str) -> None:
    assert (ROOT / "tests" / "card" / name).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_every_file_and_heading_that_a_page_links_is_there(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    missing = [
        one
        for one in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in one and not _is_there(page, one)
    ]
    assert missing == []


def _is_there(page: Path, link: str) -> bool:
    name, _, heading = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not heading or heading in _headings(target.read_text())


def _headings(text: str) -> set[str]:
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}


def test_every_page_is_linked_from_the_readme() -> None:
    pages = (one.name for one in PAGES[1:] if one.name != "index.md")
    missing = [one for one in pages if f"docs/{one}" not in README]
    assert missing == []
