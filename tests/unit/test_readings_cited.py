"""Each reading of an open rule has a reason, is read by the code, and says something possible."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.by_name import V1_2

import euicc_sim
from apdu import SW
from euicc_sim import readings

FOLDER = Path(euicc_sim.__file__).parent
SOURCE = ast.parse((FOLDER / "readings.py").read_text())
NAMES = [
    target.id
    for statement in SOURCE.body
    if isinstance(statement, ast.Assign)
    for target in statement.targets
    if isinstance(target, ast.Name)
]


def test_readings_were_found() -> None:
    assert len(NAMES) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_reading_is_followed_by_its_clause(name: str) -> None:
    at = next(
        number
        for number, one in enumerate(SOURCE.body)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        if one.targets[0].id == name
    )
    after = SOURCE.body[at + 1]
    assert isinstance(after, ast.Expr)
    assert isinstance(after.value, ast.Constant)
    text = str(after.value.value)
    assert text.startswith(tuple("0123456789")) or text.startswith("SGP.")


def test_every_reading_is_used_by_the_card() -> None:
    read = {
        node.id
        for path in FOLDER.rglob("*.py")
        if path.name != "readings.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name)
    }
    assert set(NAMES) - read == set()


def test_result_codes_of_readings_exist() -> None:
    for element in (
        ("updateEimResult", readings.LOWER_COUNTER_WITHOUT_NEW_KEY),
        ("updateEimResult", readings.UNUSABLE_EIM_KEY),
        ("addEimResult", ("addEimResultCode", readings.UNUSABLE_EIM_KEY)),
    ):
        assert V1_2.encode("EuiccResultData", element)
    for code in (readings.UNUSABLE_EIM_KEY, readings.DUPLICATE_IN_ADD_INITIAL_EIM):
        assert V1_2.encode("AddInitialEimResponse", ("addInitialEimError", code))
    reset = {"resetResult": readings.EMPTY_MEMORY_RESET}
    assert V1_2.encode("EuiccMemoryResetResponse", reset)


def test_status_words_of_readings_exist() -> None:
    assert readings.UNREADABLE_PACKAGE in set(SW)
