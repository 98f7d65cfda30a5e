"""Every test that the list of those over PC/SC names is there."""

from __future__ import annotations

import ast
from pathlib import Path

from support.over_pcsc import chosen

TESTS = Path(__file__).parents[1] / "card"


def test_every_chosen_test_exists() -> None:
    there = {
        (path.stem, node.name)
        for path in TESTS.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert sorted(set(chosen()) - there) == []


def test_about_a_hundred_are_chosen() -> None:
    assert 90 <= sum(map(len, chosen().values())) <= 130
