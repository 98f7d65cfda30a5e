"""The site of the pages is built, and opens without the net."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the site needs the dependency group docs")
pytest.importorskip("mkdocstrings", reason="the site needs the dependency group docs")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEADLINE = 240.0
_FETCHED = re.compile(
    r"<(?:script|img|iframe)[^>]+src=[\"']?(https?:)?//|<link[^>]+href=[\"']?(https?:)?//"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `scripts/docs` does; a link that leads nowhere fails."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    found = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert found.returncode == 0, found.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    pages = {one.stem for one in (ROOT / "docs").glob("*.md")}
    assert {one.stem for one in site.glob("*.html")} >= pages


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    fetching = [one.name for one in site.rglob("*.html") if _FETCHED.search(one.read_text())]
    assert fetching == []
    styles = [
        one.name for one in site.rglob("*.css") if re.search(r"url\(https?:", one.read_text())
    ]
    assert styles == []


def test_the_api_is_that_of_the_code(site: Path) -> None:
    page = (site / "api.html").read_text()
    assert "euicc_sim.Card" in page
    assert "Open the card in" in page
