"""Links of the pages to files outside `docs`: the site has only their names."""

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)\s]+)\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The text of a page, as MkDocs calls it."""
    return _OUTSIDE.sub(r"\1", markdown)
