"""Writes docs/rest.md: PYTHONPATH=tests:. python tests/support/write_rest_page.py."""

from pathlib import Path
from tempfile import TemporaryDirectory

from support.rest_page import PAGE, rest_page

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        PAGE.write_text(rest_page(Path(folder)))
