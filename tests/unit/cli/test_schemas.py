"""JSON Schemas of the files that people write: they are those of docs, and say what readers say."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.all_commands import ALL
from typer.testing import CliRunner

from euicc_sim.cli.main import app
from euicc_sim.cli.schema import OUTPUTS, SCHEMAS, document, file_name
from euicc_sim.parties.eim import Eim, eim_file
from euicc_sim.parties.messages.json_document import DocumentError, from_json
from euicc_sim.servers.package_folder import Sidecar

KEPT = [name for name, one in SCHEMAS.items() if one.is_in_docs]
DOCS = Path(__file__).parents[3] / "docs"
EVERY_OPTION = """
confirmation_code = "1234"
eid = "89049032123451234512345678901235"
single_use = true
state = "released"
expires = 2026-12-31T00:00:00Z
tries = 3
eligible = false
smds = "smds.example.com"
profile_type = "Test"
name = "Blue"
provider = "Blue Ltd"
class = "test"
notify = ["smdp.example.com"]
ppr = [1, 2]
owner = "00101"
icon = "blue.png"
fallback_allowed = true
emergency = false
"""


def faults(name: str, value: object) -> list[str]:
    """What a schema has against a value, after its way through JSON."""
    plain = json.loads(json.dumps(value, default=str))
    validator = Draft202012Validator(json.loads(document(name)))
    return [one.message for one in validator.iter_errors(plain)]


@pytest.mark.parametrize("name", KEPT)
def test_the_schema_in_docs_is_that_of_the_code(name: str) -> None:
    assert (DOCS / "schemas" / file_name(name)).read_bytes() == document(name), (
        "Run: python -m euicc_sim schema --out docs/schemas"
    )


def test_docs_has_no_other_schemas() -> None:
    found = {one.name for one in (DOCS / "schemas").iterdir()}
    assert found == {file_name(one) for one in KEPT}


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(document(name)))


def test_each_command_with_json_has_one() -> None:
    options = {name: {each for two in one.params for each in two.opts} for name, one in ALL.items()}
    assert {name for name, given in options.items() if "--json" in given} == set(OUTPUTS)


def test_an_order_with_every_option_is_in_its_schema_and_is_read() -> None:
    said = tomllib.loads(EVERY_OPTION)
    assert set(said) == {one.encode_name for one in _fields(Sidecar)}
    assert faults("order", said) == []
    assert from_json(Sidecar, said).profile_class == "test"


@pytest.mark.parametrize(
    "line",
    [
        "colour = 'red'",
        "state = 'installed'",
        "tries = -1",
        "confirmation_code = ''",
        "eid = '123'",
        "ppr = [3]",
        "single_use = 1",
    ],
)
def test_what_an_order_refuses_its_schema_refuses_too(line: str) -> None:
    said = tomllib.loads(line)
    assert faults("order", said) != []
    with pytest.raises(DocumentError):
        from_json(Sidecar, said)


def test_every_option_of_an_order_is_in_the_page() -> None:
    page = (DOCS / "smdpp.md").read_text()
    missing = [one for one in tomllib.loads(EVERY_OPTION) if f"`{one}" not in page]
    assert missing == []


def test_every_option_of_an_order_is_described_for_editors() -> None:
    options = json.loads(document("order"))["$defs"]["Sidecar"]["properties"]
    assert [name for name, one in options.items() if not one.get("description")] == []


def test_a_new_eims_file_is_in_its_schema_and_a_misspelt_field_is_not() -> None:
    found: dict[str, Any] = json.loads(eim_file.render(Eim.create("eim1", seed=1)))
    assert faults("eim", found) == []
    found["counterVal"] = found.pop("counterValue")
    assert len(faults("eim", found)) == 2


def test_the_settings_of_the_page_are_in_their_schema() -> None:
    block = re.search(r"```toml\n(.*?)```", (DOCS / "settings.md").read_text(), re.DOTALL)
    assert block
    assert faults("settings", tomllib.loads(block[1])) == []


@pytest.mark.parametrize(
    "content", ["[serv]", "[profile.list]\njsn = true", "[profile.list]\njson = 1", "serve = 1"]
)
def test_settings_that_are_refused_are_not_in_their_schema(content: str) -> None:
    assert faults("settings", tomllib.loads(content)) != []


def test_the_command_prints_a_schema_lists_them_and_suggests() -> None:
    run = CliRunner().invoke
    assert run(app, ["schema", "card", "show"]).stdout_bytes == document("card show")
    assert [one for one in SCHEMAS if one not in run(app, ["schema"]).stdout] == []
    wrong = run(app, ["schema", "card", "shwo"])
    assert wrong.exit_code == 1
    assert "'card shwo' has no schema. Did you mean card show?" in wrong.stderr


def test_the_command_writes_them_all(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["schema", "--out", str(tmp_path / "new")])
    assert (tmp_path / "new" / "eim-show.schema.json").read_bytes() == document("eim show")


def _fields(kind: Any) -> Any:
    from msgspec import structs

    return structs.fields(kind)
