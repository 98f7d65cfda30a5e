"""Bodies of ESipa and ES9+ in JSON, pasted into `decode`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx
from typer.testing import CliRunner

from euicc_sim.cli.main import app
from euicc_sim.views import json_body, pasted
from euicc_sim.views.json_body import BodyField

ACKNOWLEDGED, REQUEST = "v1MDgAEF", "v1IJXAe/IL8ihKWm"


def decoded(*source: object, stdin: str | None = None) -> str:
    found = CliRunner().invoke(app, ["decode", *map(str, source)], input=stdin)
    assert found.exit_code == 0, found.output
    return found.output


def test_an_object_in_a_field_is_a_tree_with_names() -> None:
    said = decoded(f'{{"ipaEuiccDataRequest":"{REQUEST}"}}').splitlines()
    assert said[0] == "Taken for a body in JSON."
    assert said[2] == "ipaEuiccDataRequest"
    assert said[3].split() == ["IpaEuiccDataRequest", "BF52", "9"]
    assert said[4].split() == ["tagList", "5C", "7", "BF20BF2284A5A6"]


def test_a_body_is_read_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    body = json.dumps({"eimAcknowledgements": ACKNOWLEDGED}, indent=2)
    (tmp_path / "body.json").write_text(body)
    assert decoded(tmp_path / "body.json") == decoded("-", stdin=body)


def test_names_say_what_is_around_a_field() -> None:
    body = '{"header":{"functionExecutionStatus":{"status":"Failed"}},"list":["a",{"b":null}]}'
    assert json_body.read(body) == (
        BodyField("header.functionExecutionStatus.status", "Failed"),
        BodyField("list[1]", "a"),
        BodyField("list[2].b", "null"),
    )


@pytest.mark.parametrize("digits", ["89049032123451234512345678901235", "3030", "0402ABCD"])
def test_digits_are_not_taken_for_base64(digits: str) -> None:
    assert json_body.read(json.dumps({"id": digits})) == (BodyField("id", digits),)


def test_the_bytes_of_an_object_are_those_that_came() -> None:
    (found,) = json_body.read(json.dumps({"eimAcknowledgements": "v1MDg\nAEF"})) or ()
    assert found.object == hx("BF5303800105")


@pytest.mark.parametrize("text", ["{}", "{", "[1]", "7", '{"a":', "{" * 100_000, '{"a":{}}'])
def test_what_has_no_fields_is_not_a_body(text: str) -> None:
    assert json_body.read(text) is None


def test_hex_in_braces_is_hex() -> None:
    found = pasted.read("{ 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A }")
    assert found is not None
    assert found.object == hx("BF3E035C015A")


def test_text_of_a_body_reaches_the_terminal_escaped() -> None:
    said = decoded(json.dumps({"[red]\x1b]0;x\x07": "\x1b[2J", "\ud800": "[bold]y"}))
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[red]" in said
    assert "[bold]y" in said


@given(st.text(max_size=40))
def test_any_text_is_a_body_or_none(text: str) -> None:
    found = json_body.read("{" + text + "}")
    assert found is None or all(isinstance(one, BodyField) for one in found)


def test_a_result_is_read_as_one() -> None:
    said = decoded('{"eimPackageResult":"oAMCAQE="}').splitlines()
    assert said[3].split()[:2] == ["EimPackageResult", "eimPackageResultResponseError"]
    assert said[4].split()[0] == "eimPackageResultErrorCode"
    assert "invalidPackageFormat" in said[4]


def test_json_that_breaks_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "body").write_text('{"a":1')
    for source in ('{"a":1', tmp_path / "body"):
        found = CliRunner().invoke(app, ["decode", str(source)])
        assert found.exit_code == 1
        assert "This is not whole JSON: " in found.stderr
