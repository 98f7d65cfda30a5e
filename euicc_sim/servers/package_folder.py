"""A folder of profile packages as the orders of an SM-DP+.

NAME.der or NAME.upp is a package, NAME its matchingId; NAME.toml beside it has options, such as

    confirmation_code = "1234"
    name = "Blue"

The state of orders is kept in orders.json.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field, structs

from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.json_document import (
    DocumentError,
    from_json,
    read_json,
    write_document,
)
from euicc_sim.parties.smdpp import (
    Event,
    IconType,
    Metadata,
    MetadataError,
    NotificationTarget,
    Order,
    OrderBook,
    OrderRecord,
    Orders,
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

_RULES = {1: PolicyRule.PPR1, 2: PolicyRule.PPR2}


class Sidecar(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The options of a NAME.toml, all of them optional.

    `state` is that in which the order begins: released for download, confirmed, or available to
    ES2+, which orders by ICCID or `profile_type`. It can be downloaded until `expires`, in at most
    `tries` attempts; cards are refused unless it is `eligible`.
    `notify` are the addresses to notify of all events, `ppr` the numbers of policy rules, `owner`
    an MCC and MNC, `icon` a file in the same folder.
    """

    confirmation_code: Annotated[str, Meta(min_length=1)] | None = None
    eid: Annotated[str, Meta(pattern=r"\A[0-9]{32}\Z")] | None = None
    single_use: bool = False
    state: Literal["available", "confirmed", "released"] = "released"
    expires: datetime | None = None
    tries: Annotated[int, Meta(ge=0)] | None = None
    eligible: bool = True
    profile_type: str = ""
    name: str | None = None
    provider: str | None = None
    profile_class: Literal["test", "provisioning", "operational"] | None = field(
        name="class", default=None
    )
    notify: tuple[str, ...] | None = None
    ppr: tuple[Literal[1, 2], ...] | None = None
    owner: str | None = None
    icon: str | None = None
    fallback_allowed: bool | None = None
    emergency: bool | None = None

    def __repr__(self) -> str:
        return f"Sidecar({self.name!r})"


def read_orders(folder: Path, address: str) -> list[Order]:
    """The orders in a folder, by name; `address` is the SM-DP+'s own.

    Raises ServerError for a package or a sidecar that cannot be used.
    """
    if not folder.is_dir():
        raise ServerError(
            f"{folder} is not a folder. Name one with profile packages, NAME.der each."
        )
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
        raise ServerError(f"{path}: a matchingId cannot contain $. Rename the file.")
    package, said = _content(path), _sidecar(path.with_suffix(SIDECAR))
    try:
        metadata = _said(metadata_of(package, address), path.parent, said)
        metadata.encoded()
    except MetadataError as error:
        raise ServerError(f"{path}: {error}") from error
    available = said.state == OrderState.AVAILABLE.value
    if available and (said.eid or said.confirmation_code):
        raise ServerError(
            f"{path.with_suffix(SIDECAR)}: a Profile that is available is for nobody yet. Leave "
            "eid and confirmation_code to ES2+, or its state at released."
        )
    return Order(
        package,
        "" if available else path.stem,
        confirmation_code=said.confirmation_code,
        metadata=metadata,
        eid=said.eid,
        single_use=said.single_use,
        state=OrderState(said.state),
        expires=said.expires,
        tries=said.tries,
        eligible=said.eligible,
        name=path.stem,
        profile_type=said.profile_type,
    )


def _said(metadata: Metadata, folder: Path, said: Sidecar) -> Metadata:
    """The metadata with these options. Raises MetadataError."""
    rules = frozenset(_RULES[one] for one in said.ppr or ())
    if rules and said.owner is None:
        raise MetadataError("A Profile with policy rules needs an owner. Add one: owner = '00101'.")
    icon = metadata.icon if said.icon is None else _content(folder / said.icon)
    return replace(
        metadata,
        profile_name=metadata.profile_name if said.name is None else said.name,
        service_provider_name=said.provider
        if said.provider is not None
        else metadata.service_provider_name,
        profile_class=ProfileClass[said.profile_class.upper()]
        if said.profile_class
        else metadata.profile_class,
        notifications=metadata.notifications if said.notify is None else _targets(said.notify),
        policy_rules=rules or metadata.policy_rules,
        owner=metadata.owner if said.owner is None else Owner.of(said.owner),
        icon=icon,
        icon_type=None if icon is None else IconType.of(icon),
        fallback_allowed=said.fallback_allowed,
        ecall_indication=said.emergency,
    )


def _targets(addresses: Iterable[str]) -> tuple[NotificationTarget, ...]:
    every = frozenset(Event)
    return tuple(NotificationTarget(every, one) for one in addresses)


def _sidecar(path: Path) -> Sidecar:
    if not path.exists():
        return Sidecar()
    content = _content(path)
    try:
        said = tomllib.loads(content.decode())
        return from_json(Sidecar, {name: _with_zone(one) for name, one in said.items()})
    except DocumentError as error:
        raise ServerError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ServerError(f"{path} is not TOML: {error}. Mend that line.") from error


def _with_zone(value: object) -> object:
    """A value of TOML; a date begins, and a time without a zone is, in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ServerError(
            f"{path} cannot be read: {error.strerror}. Check its permissions."
        ) from error


class _State(msgspec.Struct, forbid_unknown_fields=True):
    """The records of orders that a restart must not lose, by the name of the package."""

    schema: Literal[2]
    orders: dict[str, OrderRecord]

    def restore(self, orders: Orders) -> None:
        """Restore these records in orders."""
        with orders.changing() as draft:
            for record in draft:
                found = self.orders.get(record.name)
                if found is not None:
                    now = structs.replace(found, number=record.number, revision=record.revision)
                    draft.put(now)


def _as_first(record: OrderRecord, orders: Orders) -> bool:
    first = OrderRecord.of(orders.profile(record), record.number)
    return structs.replace(first, revision=record.revision) == record


class _Order020(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The state of an order in version 0.2.0: over, or with wrong codes."""

    state: Literal["released", "installed", "ended"]
    wrong_codes: Annotated[int, Meta(ge=0)]


class _State020(msgspec.Struct, forbid_unknown_fields=True):
    """The state of orders in version 0.2.0, by matchingId."""

    schema: Literal[1]
    orders: dict[str, _Order020]

    def restore(self, orders: Orders) -> None:
        """Restore these states in orders."""
        with orders.changing() as draft:
            for record in draft:
                found = self.orders.get(record.name)
                if found is not None:
                    state = OrderState("error" if found.state == "ended" else found.state)
                    draft.put(structs.replace(record, state=state, wrong_codes=found.wrong_codes))


@dataclass
class StateFile:
    """The states of a folder's orders, in a file there, so that they survive a restart."""

    path: Path
    _kept: dict[str, OrderRecord] = dataclass_field(default_factory=dict)
    _written: bool = True
    _lock: Lock = dataclass_field(default_factory=Lock)

    @classmethod
    def of(cls, folder: Path) -> StateFile:
        """The state file of a folder; it need not exist yet."""
        return cls(folder / STATE_FILE)

    def restore(self, orders: OrderBook) -> None:
        """Restore the states in orders. Raises ServerError for a file of another kind."""
        orders.take_changed()
        if not self.path.exists():
            return
        try:
            content = read_json(_content(self.path))
            old = isinstance(content, dict) and content.get("schema") == 1
            state = from_json(_State020, content) if old else from_json(_State, content)
            state.restore(orders)
        except DocumentError as error:
            raise ServerError(
                f"{self.path} is not a state of orders: {error} Or remove it to release all orders."
            ) from error
        self._take(orders)

    def save(self, orders: OrderBook) -> None:
        """Write the changes, the whole file or nothing. Raises ServerError."""
        with self._lock:
            if self._take(orders):
                self._written = False
            if self._written:
                return
            try:
                safe_file.replace(self.path, write_document(_State(2, self._kept)))
            except OSError as error:
                raise ServerError(
                    f"{self.path} cannot be written: {error.strerror}. "
                    "Make room and let this user write there: a restart forgets which orders ended."
                ) from error
            self._written = True

    def _take(self, orders: OrderBook) -> bool:
        """Take what has changed since the last time; whether the file is to be another."""
        differs = False
        for record in orders.take_changed():
            before = self._kept.get(record.name)
            if not _as_first(record, orders):
                self._kept[record.name] = record
            elif before is not None:
                del self._kept[record.name]
            differs = differs or self._kept.get(record.name) != before
        return differs
