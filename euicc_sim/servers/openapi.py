"""The interface for orders as an OpenAPI document, derived from the types that are kept."""

from __future__ import annotations

import re
from typing import Any

from euicc_sim.parties.eim.server import CardRecord, Order, Result
from euicc_sim.parties.messages.json_document import schemas_of

_NAMED = re.compile(r"(?<=`)[a-z]+(?:_[a-z]+)+(?=`)")
VERSION = "1"
"""Of the interface."""

EXAMPLE_EID = "89049032123451234512345678901235"
EXAMPLE_ORDER = 3
"""An order that waits: with these, the examples of the document can be tried one after another."""
EXAMPLE_WORDS = ["enable:8900101000000000308,rollback", "listProfileInfo"]

_SECRET = "confirmationCode"  # noqa: S105 the name of a field that is never shown
_EID = {
    "name": "eid",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9]{32}$"},
    "example": EXAMPLE_EID,
}
_NUMBER = {
    "name": "number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "example": EXAMPLE_ORDER,
}
_AFTER = {
    "name": "after",
    "in": "query",
    "description": "How many of the results ever kept to leave out.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0},
    "example": 1,
}
_REFUSALS = {
    "400": "The request cannot be carried out",
    "401": "The token is missing or wrong",
    "404": "The card is not known",
    "503": "The database cannot be used now",
}
_REFUSED_BODIES = {
    "413": "The body is too long",
    "415": "The Content-Type is not application/json",
}


def openapi(eim_id: str) -> dict[str, Any]:
    """The document of the eIM with that eimId."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Orders of the eIM {eim_id}",
            "version": VERSION,
            "description": "Orders for cards, and their results. Bytes are hex.",
        },
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _paths() -> dict[str, Any]:
    order = _reference("Order")
    operations = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string"},
        "description": "The words of euicc-sim eim order: the operations of a package, or a data "
        "request or a download alone.",
    }
    orders = {
        "type": "object",
        "required": ["operations"],
        "properties": {"operations": operations},
        "examples": [{"operations": EXAMPLE_WORDS}],
    }
    nothing = {"type": "object", "examples": [{}]}
    listed = _array(_reference("CardSummary"))
    return {
        "/eids": {"get": _operation("All cards", listed)},
        "/eids/{eid}": {
            "parameters": [_EID],
            "get": _operation("A card and its queue", _reference("Card")),
        },
        "/eids/{eid}/orders": {
            "parameters": [_EID],
            "post": _operation("Queue an order", order, orders, "201"),
        },
        "/eids/{eid}/orders/{number}": {
            "parameters": [_EID, _NUMBER],
            "post": _operation("Release a held or postponed order", order, nothing),
            "delete": _operation("Withdraw an order", order),
        },
        "/eids/{eid}/results": {
            "parameters": [_EID, _AFTER],
            "get": _operation("The results of orders, oldest first", _array(_reference("Result"))),
        },
    }


def _operation(
    summary: str, answer: dict[str, Any], body: dict[str, Any] | None = None, status: str = "200"
) -> dict[str, Any]:
    refusal = _content({"$ref": "#/components/schemas/Refusal"})
    found: dict[str, Any] = {
        "summary": summary,
        "responses": {status: {"description": summary, **_content(answer)}}
        | {code: {"description": why, **refusal} for code, why in _REFUSALS.items()},
    }
    if body is not None:
        found["responses"] |= {
            code: {"description": why, **refusal} for code, why in _REFUSED_BODIES.items()
        }
        found["requestBody"] = {"required": True, **_content(body)}
    return found


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _schemas() -> dict[str, Any]:
    _, found = schemas_of((CardRecord, Order, Result), "#/components/schemas/{name}")
    schemas: dict[str, Any] = _shown(found)
    card = schemas.pop("CardRecord")
    card["title"] = "Card"
    del card["properties"]["nextResult"]
    card["properties"] |= {"queue": _array(_reference("Order")), "results": {"type": "integer"}}
    del schemas["Order"]["properties"][_SECRET]
    number = {"type": "integer", "minimum": 0}
    return schemas | {
        "Card": card,
        "CardSummary": {
            "type": "object",
            "required": ["eid", "waiting", "results"],
            "properties": {"eid": {"type": "string"}, "waiting": number, "results": number},
        },
        "Refusal": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}},
        },
    }


def _shown(schema: Any) -> Any:
    """A schema as answers are: values that are defaults are left out, names are those of JSON."""
    if isinstance(schema, list):
        return [_shown(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _shown(one) for name, one in schema.items() if name != "default"}
    if isinstance(said := found.get("description"), str):
        found["description"] = _NAMED.sub(_in_json, said)
    return found


def _in_json(name: re.Match[str]) -> str:
    """The name of a field as the document has it."""
    first, *others = name[0].split("_")
    return first + "".join(one.capitalize() for one in others)
