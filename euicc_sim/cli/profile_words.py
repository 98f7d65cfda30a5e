"""What the options of `euicc-sim profile download` say of a Profile: files and words, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from euicc_sim.parties.smdpp import (
    IconType,
    Metadata,
    MetadataError,
    Order,
    PolicyRule,
    ProfileClass,
    metadata_of,
)
from keys import profiles


class WordError(ValueError):
    """An option that means nothing; a sentence with the next step."""


class ClassName(StrEnum):
    """profileClass."""

    TEST = "test"
    PROVISIONING = "provisioning"
    OPERATIONAL = "operational"


def orders_of(
    files: Sequence[Path], fields: Mapping[str, Any], confirmation_code: str | None
) -> list[Order]:
    """An order of the package in each file, with these fields of its Metadata, but for None.

    Raises MetadataError for what makes no metadata, WordError when a file cannot be read.
    """
    given = {name: one for name, one in fields.items() if one is not None}
    found = []
    for number, file in enumerate(files, 1):
        package = _content(file)
        metadata = replace(_metadata(file, package), **given)
        found.append(Order(package, f"{number}", confirmation_code, metadata.encoded()))
    return found


def class_of(name: ClassName) -> ProfileClass:
    """The profileClass of that name."""
    return ProfileClass[name.name]


def rules_of(ppr1: bool, ppr2: bool, owner: str | None) -> frozenset[PolicyRule] | None:
    """The policy rules that are wanted. Raises WordError when nobody owns a Profile with rules."""
    wanted = {PolicyRule.PPR1: ppr1, PolicyRule.PPR2: ppr2}
    rules = frozenset(one for one, chosen in wanted.items() if chosen)
    if rules and owner is None:
        raise WordError("A Profile with policy rules has an owner; add one, such as --owner 00101.")
    return rules or None


def icon_of(file: Path | None) -> tuple[IconType | None, bytes | None]:
    """Type and content of an icon. Raises WordError for other files."""
    if file is None:
        return None, None
    content = _content(file)
    try:
        return IconType.of(content), content
    except MetadataError as error:
        raise WordError(f"{file}: {error}") from error


def _metadata(file: Path, package: bytes) -> Metadata:
    try:
        return metadata_of(package, profiles.DP_HOST)
    except MetadataError as error:
        raise WordError(f"{file}: {error}") from error


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise WordError(f"{file} cannot be read ({error.strerror}); give another file.") from error
