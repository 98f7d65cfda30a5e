"""A folder of profile packages as the orders of an SM-DP+.

NAME.der or NAME.upp is a package, NAME its matchingId; NAME.toml beside it says more, such as

    confirmation_code = "1234"
    name = "Blue"

What became of orders that end is kept in orders.json.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.smdpp import (
    Event,
    IconType,
    MetadataError,
    NotificationTarget,
    Order,
    OrderBook,
    OrderRecord,
    OrderState,
    Owner,
    PolicyRule,
    ProfileClass,
    metadata_of,
)
from euicc_sim.servers import ServerError

SUFFIXES = (".der", ".upp")
SIDECAR = ".toml"
STATE_FILE = "orders.json"
SCHEMA = 1

_RULES = {1: PolicyRule.PPR1, 2: PolicyRule.PPR2}


class Sidecar(BaseModel):
    """What a NAME.toml may say; all of it may be left out.

    `notify` are addresses that hear of all events, `ppr` the numbers of policy rules, `owner` an
    MCC and MNC, `icon` a file in the same folder.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    confirmation_code: Annotated[str, StringConstraints(min_length=1)] | None = None
    eid: Annotated[str, StringConstraints(pattern=r"^[0-9]{32}$")] | None = None
    single_use: bool = False
    name: str | None = None
    provider: str | None = None
    profile_class: Literal["test", "provisioning", "operational"] | None = Field(
        None, alias="class"
    )
    notify: list[str] | None = None
    ppr: list[Literal[1, 2]] | None = None
    owner: str | None = None
    icon: str | None = None
    fallback_allowed: bool | None = None
    emergency: bool | None = None


def read_orders(folder: Path, address: str) -> list[Order]:
    """The orders in a folder, by name; `address` is the SM-DP+'s own.

    Raises ServerError for a package or a sidecar that cannot be used.
    """
    if not folder.is_dir():
        raise ServerError(f"{folder} is no folder. Name one with profile packages, NAME.der each.")
    packages: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        other = packages.setdefault(path.stem, path)
        if other != path:
            raise ServerError(f"{other} and {path} have one matchingId. Rename one of them.")
    if not packages:
        raise ServerError(f"{folder} has no profile packages. Put some there, NAME.der each.")
    return [_order(path, address) for path in packages.values()]


def _order(path: Path, address: str) -> Order:
    if "$" in path.stem:
        raise ServerError(f"{path}: no matchingId has a $, since codes do. Rename the file.")
    package, said = _content(path), _sidecar(path.with_suffix(SIDECAR))
    try:
        metadata = replace(metadata_of(package, address), **_fields(path.parent, said))
        metadata.encoded()
    except MetadataError as error:
        raise ServerError(f"{path}: {error}") from error
    return Order(
        package,
        path.stem,
        confirmation_code=said.confirmation_code,
        metadata=metadata,
        eid=said.eid,
        single_use=said.single_use,
    )


def _fields(folder: Path, said: Sidecar) -> dict[str, Any]:
    """Fields of Metadata that are said. Raises MetadataError."""
    icon = None if said.icon is None else _content(folder / said.icon)
    rules = frozenset(_RULES[one] for one in said.ppr or ())
    if rules and said.owner is None:
        raise MetadataError("A Profile with policy rules has an owner. Add one: owner = '00101'.")
    found = {
        "profile_name": said.name,
        "service_provider_name": said.provider,
        "profile_class": said.profile_class and ProfileClass[said.profile_class.upper()],
        "notifications": None if said.notify is None else _targets(said.notify),
        "policy_rules": rules or None,
        "owner": None if said.owner is None else Owner.of(said.owner),
        "icon": icon,
        "icon_type": None if icon is None else IconType.of(icon),
        "fallback_allowed": said.fallback_allowed,
        "ecall_indication": said.emergency,
    }
    return {name: value for name, value in found.items() if value is not None}


def _targets(addresses: Iterable[str]) -> tuple[NotificationTarget, ...]:
    every = frozenset(Event)
    return tuple(NotificationTarget(every, one) for one in addresses)


def _sidecar(path: Path) -> Sidecar:
    if not path.exists():
        return Sidecar.model_validate({})
    try:
        return Sidecar.model_validate(tomllib.loads(_content(path).decode()))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ServerError(f"{path}: {place}: {first['msg']}. Mend that line.") from error
    except ValueError as error:
        raise ServerError(f"{path} is no TOML: {error}. Mend that line.") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ServerError(f"{path} cannot be read: {error.strerror}. Give another.") from error


@dataclass
class StateFile:
    """What became of the orders of a folder, in a file of it, so that a restart changes nothing."""

    path: Path
    _written: str = ""

    @classmethod
    def of(cls, folder: Path) -> StateFile:
        """That of a folder, were it not there yet."""
        return cls(folder / STATE_FILE)

    def restore(self, orders: OrderBook) -> None:
        """Make orders what they were. Raises ServerError for a file that is not ours."""
        if not self.path.exists():
            return
        try:
            self._restore(orders, json.loads(_content(self.path)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ServerError(
                f"{self.path} is no state of orders: {error!r}. "
                "Mend it, or remove it to release all orders."
            ) from error
        self._written = _document(orders)

    def save(self, orders: OrderBook) -> None:
        """Write what has changed, the whole file or nothing. Raises ServerError."""
        document = _document(orders)
        if document == self._written or (not self._written and not _kept(orders)):
            return
        try:
            safe_file.replace(self.path, document.encode())
        except OSError as error:
            raise ServerError(
                f"{self.path} cannot be written: {error.strerror}. "
                "Make room and let this user write there: a restart forgets which orders ended."
            ) from error
        self._written = document

    @staticmethod
    def _restore(orders: OrderBook, document: Any) -> None:
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']}")
        kept = document["orders"]
        for record in orders:
            found = kept.get(record.order.matching_id)
            if found is not None:
                record.state = OrderState(found["state"])
                record.wrong_codes = int(found["wrongCodes"])


def _document(orders: OrderBook) -> str:
    kept = {
        one.order.matching_id: {"state": one.state.value, "wrongCodes": one.wrong_codes}
        for one in _kept(orders)
    }
    return json.dumps({"schema": SCHEMA, "orders": kept}, indent=2) + "\n"


def _kept(orders: OrderBook) -> list[OrderRecord]:
    """Orders of which a restart must know: over, or with wrong codes."""
    return [one for one in orders if not one.open or one.wrong_codes]
