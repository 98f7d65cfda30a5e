"""docs/rest.md: made from the OpenAPI document, with what a served eIM answers to its examples."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

from euicc_sim.servers.openapi import EXAMPLE_EID, openapi

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rest.md"
DEADLINE = 120.0
WIDEST = 96
EIM_ID = "home.example.com"

MADE = f"""\
euicc-sim card new turbine --seed 1
euicc-sim eim new home.json --id {EIM_ID} --seed 2
euicc-sim eim initial home.json | euicc-sim apdu es10 - --card turbine | \
euicc-sim eim answer home.json --initial -"""
SERVED = "euicc-sim eim serve home.json --pki turbine/pki &"
NAMED = f"eim=http://127.0.0.1:8080 eid={EXAMPLE_EID}"
POLLED = """\
euicc-sim eim order home.json $eid listEim
euicc-sim ipa poll --card turbine --eim $eim"""

HEAD = f"""\
# Orders over HTTP

An eIM's server takes orders for cards as JSON. `/openapi.json` describes the functions for
programs; this page is made from the same document, and a test runs its examples.

Every request needs the token that `eim serve` made beside the eIM's file: `Authorization: Bearer
TOKEN`. Without it only `/` and `/openapi.json` answer. A body needs `Content-Type:
application/json`. Who is served, and how much a client may use, is in [the servers](servers.md).

The examples are of a card that trusts the eIM, and has obeyed it once:

```
{MADE}
{SERVED}
{NAMED}
{POLLED}
token=$(cat home.token)
```

Long values are cut off with … in the answers, which are indented here.
"""
TAIL = """\
An SM-DP+ has the orders of ES2+ over HTTP: [the SM-DP+](smdpp.md#es2).
"""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"]*")
_LONG_HEX = re.compile(r"(?=[0-9]*[A-F])([0-9A-F]{4})[0-9A-F]{13,}")
_RANDOM = re.compile(r'("transactionId": ")[0-9A-F]{4,}…?')
_NAME = re.compile(r"\{(\w+)\}")


def rest_page(folder: Path) -> str:
    """The page; `folder` is for the card and the eIM of the examples."""
    document = openapi(EIM_ID)
    with _Served(folder) as served:
        parts = [HEAD]
        for path, given in document["paths"].items():
            shared = given.get("parameters", [])
            for method in (one for one in given if one != "parameters"):
                parts.append(_function(method.upper(), path, shared, given[method], served))
    objects = [_object(name, one) for name, one in document["components"]["schemas"].items()]
    return "\n".join([*parts, _refusals(document), "## Objects\n", *objects, TAIL])


class _Served:
    """A served eIM that knows a card; runs commands beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environment = {"PATH": path, "HOME": str(folder), "PYTHONPATH": str(ROOT)}

    def __enter__(self) -> _Served:
        self.run(MADE)
        words = [*SERVED.removesuffix(" &").split(), "--port", "0"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "euicc_sim", *words[1:]],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self._environment |= {"eim": self._process.stdout.readline().split()[-1]}
        self._environment |= {"eid": EXAMPLE_EID}
        self.run(POLLED)
        self._environment |= {"token": (self._folder / "home.token").read_text().strip()}
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=DEADLINE)

    def run(self, script: str) -> str:
        """What a script prints; it must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, (script, done.stderr)
        return done.stdout


def _function(
    method: str, path: str, shared: list[Any], about: dict[str, Any], served: _Served
) -> str:
    parameters = [*shared, *about.get("parameters", [])]
    command = _curl(method, path, parameters, about)
    answer = json.dumps(json.loads(served.run(command)), indent=2)
    lines = [f"## {method} {path}", "", f"{about['summary']}.", ""]
    if rows := [*_rows(parameters), *_body_rows(about)]:
        lines += ["| | where | what |", "| --- | --- | --- |", *rows, ""]
    lines += ["```", f"$ {command}", "```", "", "```json", _steady(answer), "```", ""]
    status = next(one for one in about["responses"] if one.startswith("2"))
    kind = _kind(about["responses"][status]["content"]["application/json"]["schema"])
    lines += [f"The answer, with status {status}, is {kind}.", ""]
    return "\n".join(lines)


def _curl(method: str, path: str, parameters: list[Any], about: dict[str, Any]) -> str:
    """The function with the examples of the document, as a command."""
    by_name = {one["name"]: one for one in parameters}
    target = _NAME.sub(
        lambda found: "$eid" if found[1] == "eid" else str(by_name[found[1]]["example"]), path
    )
    asked = [f"{one['name']}={one['example']}" for one in parameters if one["in"] == "query"]
    target += f"?{'&'.join(asked)}" if asked else ""
    words = ["curl -s", '-H "Authorization: Bearer $token"']
    body = "requestBody" in about
    if method != ("POST" if body else "GET"):
        words.append(f"-X {method}")
    if body:
        words += ["-H 'Content-Type: application/json'", f"-d {quote(json.dumps(_example(about)))}"]
    words.append(f'"$eim{target}"' if asked else f"$eim{target}")
    lines = [words[0]]
    for one in words[1:]:
        if len(lines[-1]) + len(one) > WIDEST:
            lines[-1] += " \\"
            lines.append(f"    {one}")
        else:
            lines[-1] += f" {one}"
    return "\n".join(lines)


def _example(about: dict[str, Any]) -> Any:
    return about["requestBody"]["content"]["application/json"]["schema"]["examples"][0]


def _rows(parameters: list[Any]) -> Iterator[str]:
    for one in parameters:
        said = one.get("description") or _kind(one["schema"])
        yield f"| `{one['name']}` | {one['in']} | {said} |"


def _body_rows(about: dict[str, Any]) -> Iterator[str]:
    if "requestBody" not in about:
        return
    schema = about["requestBody"]["content"]["application/json"]["schema"]
    for name, one in schema.get("properties", {}).items():
        yield f"| `{name}` | body | {_kind(one)}. {one.get('description', '')} |"


def _refusals(document: dict[str, Any]) -> str:
    """Every status that is a refusal, of any function."""
    found = {
        status: one["description"]
        for given in document["paths"].values()
        for method, about in given.items()
        if method != "parameters"
        for status, one in about["responses"].items()
        if not status.startswith("2")
    }
    head = ["| status | why |", "| --- | --- |"]
    rows = [f"| {status} | {found[status]} |" for status in sorted(found)]
    return "\n".join(
        ["## Refusals", "", 'A refusal says why: `{"error": "…"}`.', "", *head, *rows, ""]
    )


def _object(name: str, schema: dict[str, Any]) -> str:
    rows = [
        f"| `{field}` | {_kind(one)} | {'yes' if field in schema.get('required', ()) else ''} |"
        for field, one in schema["properties"].items()
    ]
    head = ["| | what | always there |", "| --- | --- | --- |"]
    said = [schema["description"], ""] if "description" in schema else []
    return "\n".join([f"### {name}", "", *said, *head, *rows, ""])


def _kind(schema: dict[str, Any]) -> str:
    """What a value is, in words."""
    match schema:
        case {"$ref": str(where)}:
            name = where.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(kinds)}:
            return " or ".join(_kind(one) for one in kinds if one != {"type": "null"})
        case {"enum": list(words)}:
            return ", ".join(f"`{one}`" for one in words)
        case {"type": "array", "items": dict(items)}:
            return f"a list: {_kind(items)}"
        case {"pattern": str(pattern)} if "A-F" in pattern:
            return "hex"
        case {"pattern": str()}:
            return "digits"
        case {"type": "string"}:
            return "text"
        case {"type": "integer"}:
            return "a number"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "object"}:
            return "an object"
    return "anything"


def _steady(text: str) -> str:
    """An answer without what differs each time."""
    text = _LONG_HEX.sub(r"\1…", _TIME.sub("2026-01-01T12:00:00Z", text))
    return _RANDOM.sub(r"\g<1>1C5A…", text)
