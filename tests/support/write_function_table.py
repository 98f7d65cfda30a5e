"""Writes the table of docs/functions.md: python tests/support/write_function_table.py."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from support.function_table import BEGIN, END, table

    page = Path(__file__).parents[2] / "docs" / "functions.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")
