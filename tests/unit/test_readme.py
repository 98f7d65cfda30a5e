"""The README keeps up with the code."""

from pathlib import Path

import pytest
from support.function_table import BEGIN, END, TESTS, table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_table_of_functions_is_the_registry_s() -> None:
    """When it is not: python tests/support/write_function_table.py."""
    found = README.split(BEGIN)[1].split(END)[0].strip()
    assert found == table()


@pytest.mark.parametrize("name", sorted(set(TESTS.values())))
def test_each_test_that_the_table_names_is_there(name: str) -> None:
    assert (ROOT / "tests" / "card" / name).is_file()


def test_every_file_that_the_readme_links_is_there() -> None:
    links = {part.split(")")[0] for part in README.split("](")[1:]}
    missing = [one for one in links if "://" not in one and not (ROOT / one).exists()]
    assert missing == []
