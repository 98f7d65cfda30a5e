"""A folder of profile packages as the orders of an SM-DP+.

NAME.der or NAME.upp is a package, NAME its matchingId; NAME.toml beside it has options, such as

    confirmation_code = "1234"
    name = "Blue"

NAME.toml is read when NAME is new; from then on the database says how an order is. Until 0.2.0 the
state of orders was in orders.json.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field, structs

from euicc_sim.parties.messages import Address, AddressError, Refusal, SmdppError
from euicc_sim.parties.messages.json_document import (
    DocumentError,
    from_json,
    read_document,
)
from euicc_sim.parties.smdpp import (
    Event,
    IconType,
    Metadata,
    MetadataError,
    NotificationTarget,
    Order,
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
DATABASE = "orders.db"
TAKEN_OVER = ".taken-over"
REMEMBERED = 64
"""The most packages that are kept in memory."""

_RULES = {1: PolicyRule.PPR1, 2: PolicyRule.PPR2}


class Sidecar(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The options of a NAME.toml, all of them optional: how the order begins, and its metadata.

    The descriptions are what an editor shows, from the JSON Schema (`euicc-sim schema order`).
    """

    confirmation_code: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="The user has to give it; the third wrong one ends the order."),
    ] = None
    eid: Annotated[
        Annotated[str, Meta(pattern=r"\A[0-9]{32}\Z")] | None,
        Meta(description="Only for that card, which may also ask without a matchingId."),
    ] = None
    single_use: Annotated[
        bool, Meta(description="For the first card that gets the package, and no other.")
    ] = False
    state: Annotated[
        Literal["available", "confirmed", "released"],
        Meta(
            description="In which the order begins: released for download; confirmed, which is "
            "ordered but not released; or available, to be ordered by ES2+."
        ),
    ] = "released"
    expires: Annotated[
        datetime | None,
        Meta(description="Until when it may be downloaded: a date or a time, UTC without a zone."),
    ] = None
    tries: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="How many downloads may be begun.")
    ] = None
    eligible: Annotated[bool, Meta(description="Whether any card may have it.")] = True
    smds: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="The address of an SM-DS through which the card with that eid finds it."),
    ] = None
    profile_type: Annotated[str, Meta(description="What ES2+ orders it by, if not by ICCID.")] = ""
    name: Annotated[str | None, Meta(description="The profileName, up to 64 bytes.")] = None
    provider: Annotated[
        str | None, Meta(description="The serviceProviderName, up to 32 bytes.")
    ] = None
    profile_class: Annotated[
        Literal["test", "provisioning", "operational"] | None,
        Meta(description="The profileClass."),
    ] = field(name="class", default=None)
    notify: Annotated[
        tuple[str, ...] | None,
        Meta(description="Addresses of the servers that are notified of all events."),
    ] = None
    ppr: Annotated[
        tuple[Literal[1, 2], ...] | None,
        Meta(
            description="Profile Policy Rules: 1, it cannot be disabled; 2, it cannot be deleted."
        ),
    ] = None
    owner: Annotated[
        str | None, Meta(description="MCC and MNC, such as 00101; policy rules need it.")
    ] = None
    icon: Annotated[
        str | None, Meta(description="A JPEG or PNG file in the same folder, up to 1024 bytes.")
    ] = None
    fallback_allowed: Annotated[
        bool | None, Meta(description="Whether an eIM may give it the fallback attribute.")
    ] = None
    emergency: Annotated[
        bool | None, Meta(description="Whether it is a Profile for emergency calls (eCall).")
    ] = None

    def __repr__(self) -> str:
        return f"Sidecar({self.name!r})"


@dataclass
class PackageFolder:
    """The packages of a folder; `address` is the SM-DP+'s own."""

    path: Path
    address: str
    _read: dict[str, tuple[tuple[int, ...], Order]] = dataclass_field(default_factory=dict)
    _lock: Lock = dataclass_field(default_factory=Lock)

    def packages(self) -> dict[str, Path]:
        """The packages by their names. Raises ServerError."""
        if not self.path.is_dir():
            raise ServerError(
                f"{self.path} is not a folder. Name one with profile packages, NAME.der each."
            )
        found: dict[str, Path] = {}
        for path in sorted(self.path.iterdir()):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            other = found.setdefault(path.stem, path)
            if other != path:
                raise ServerError(f"{other} and {path} have one matchingId. Rename one of them.")
        if not found:
            raise ServerError(
                f"{self.path} has no profile packages. Put some there, NAME.der each."
            )
        return found

    def orders(self) -> list[Order]:
        """All orders, by name. Raises ServerError."""
        return [_order(path, self.address) for path in self.packages().values()]

    def seed(self, known: Container[str]) -> list[Order]:
        """The orders of packages whose names are not known yet. Raises ServerError."""
        return [
            _order(path, self.address)
            for name, path in self.packages().items()
            if name not in known
        ]

    def profile(self, record: OrderRecord) -> Order:
        """What was ordered first. Raises SmdppError if its files can no longer be used."""
        for suffix in SUFFIXES:
            path = self.path / f"{record.name}{suffix}"
            try:
                stamp = _stamp(path)
            except OSError:
                continue
            try:
                return self._order(record.name, path, stamp)
            except ServerError as error:
                raise SmdppError(Refusal.PROFILE_NOT_PREPARED, str(error)) from error
        raise SmdppError(
            Refusal.PROFILE_NOT_PREPARED,
            f"The package of the {record.what} is no longer in the SM-DP+'s folder. Put it back.",
        )

    def _order(self, name: str, path: Path, stamp: tuple[int, ...]) -> Order:
        """The order of a package, read anew only if its files have changed."""
        with self._lock:
            before = self._read.pop(name, None)
            fresh = before is not None and before[0] == stamp
            order = before[1] if before and fresh else _order(path, self.address)
            self._read[name] = stamp, order
            if len(self._read) > REMEMBERED:
                self._read.pop(next(iter(self._read)))
            return order


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes with a package or its sidecar. Raises OSError."""
    found = path.stat()
    stamp: tuple[int, ...] = found.st_mtime_ns, found.st_size
    with suppress(OSError):
        beside = path.with_suffix(SIDECAR).stat()
        stamp += beside.st_mtime_ns, beside.st_size
    return stamp


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
    if said.smds is not None:
        _check_smds(path.with_suffix(SIDECAR), said)
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
        smds=said.smds or "",
    )


def _check_smds(path: Path, said: Sidecar) -> None:
    """Raise ServerError for an SM-DS at no address, and for an order of no card."""
    try:
        Address.read(said.smds or "")
    except AddressError as error:
        raise ServerError(f"{path}: smds: {error}") from error
    if said.eid is None:
        raise ServerError(
            f"{path}: an SM-DS tells one card of an order. Name the card: eid = '8904...'."
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


def take_over_states(folder: Path, orders: Orders) -> str | None:
    """Take over the states of version 0.2.0 if there are some, and say so. Raises ServerError."""
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        read_document(_State020, _content(path)).restore(orders)
    except DocumentError as error:
        raise ServerError(
            f"{path} is not a state of orders: {error} Or remove it to release all orders."
        ) from error
    left = path.with_name(path.name + TAKEN_OVER)
    try:
        path.rename(left)
    except OSError as error:
        raise ServerError(
            f"{path} was taken over, but cannot be renamed to {left}: {error.strerror}. Rename it "
            "yourself."
        ) from error
    return f"the states in {path} are taken over; the file is {left} now"
