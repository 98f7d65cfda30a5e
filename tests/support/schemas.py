"""What commands print is checked against its schema."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from euicc_sim.cli.schema import document


def check(command: str, printed: object) -> None:
    """Raise ValidationError unless that is what `command --json` prints."""
    Draft202012Validator(json.loads(document(command))).validate(printed)
