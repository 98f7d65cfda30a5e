"""Writes scripts/download.apdu: python tests/support/write_download_script.py."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from support.download_script import PATH, script

    PATH.write_text(script())
