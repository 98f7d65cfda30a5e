"""The page of the orders over HTTP, whose examples are run."""

from __future__ import annotations

from pathlib import Path
from shutil import which

import pytest
from support.rest_page import PAGE, rest_page

from euicc_sim.servers.openapi import openapi


@pytest.mark.slow
@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
def test_the_page_has_what_its_examples_answer(tmp_path: Path) -> None:
    assert PAGE.read_text() == rest_page(tmp_path), (
        "Run: PYTHONPATH=tests:. python tests/support/write_rest_page.py"
    )


def test_every_function_is_in_the_page() -> None:
    page = PAGE.read_text()
    functions = [
        f"## {method.upper()} {path}\n"
        for path, given in openapi("eim1")["paths"].items()
        for method in given
        if method != "parameters"
    ]
    assert len(functions) == 6
    assert [one for one in functions if one not in page] == []
