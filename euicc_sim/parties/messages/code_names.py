"""Decoded values with the names of their codes: 4 becomes "replayError"."""

from __future__ import annotations

from typing import Any

from pyasn1.type import univ


def with_names(spec: Any, value: Any) -> Any:
    """A value of the type `spec` in which every code is its name, unknown ones their digits."""
    if isinstance(value, tuple):
        name, content = value
        return name, with_names(_component(spec, name), content)
    if isinstance(value, dict):
        return {name: with_names(_component(spec, name), one) for name, one in value.items()}
    if isinstance(value, list):
        return [with_names(spec.componentType, one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _code(spec, value)
    return value


def _component(spec: Any, name: str) -> Any:
    types = spec.componentType
    return types.getTypeByPosition(types.getPositionByName(name))


def _code(spec: univ.Integer, value: int) -> int | str:
    names = {int(number): str(name) for name, number in spec.namedValues.items()}
    return names.get(value, str(value)) if names else value
