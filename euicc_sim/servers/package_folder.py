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
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta, field

from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.json_document import (
    DocumentError,
    from_json,
    read_document,
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

    `notify` are the addresses to notify of all events, `ppr` the numbers of policy rules, `owner`
    an MCC and MNC, `icon` a file in the same folder.
    """

    confirmation_code: Annotated[str, Meta(min_length=1)] | None = None
    eid: Annotated[str, Meta(pattern=r"\A[0-9]{32}\Z")] | None = None
    single_use: bool = False
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
    return Order(
        package,
        path.stem,
        confirmation_code=said.confirmation_code,
        metadata=metadata,
        eid=said.eid,
        single_use=said.single_use,
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
        return from_json(Sidecar, tomllib.loads(content.decode()))
    except DocumentError as error:
        raise ServerError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ServerError(f"{path} is not TOML: {error}. Mend that line.") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ServerError(
            f"{path} cannot be read: {error.strerror}. Check its permissions."
        ) from error


class _Order(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The state of an order that a restart must not lose: over, or with wrong codes."""

    state: OrderState
    wrong_codes: Annotated[int, Meta(ge=0)]


class _State(msgspec.Struct, forbid_unknown_fields=True):
    """The state of orders, by matchingId."""

    schema: Literal[1]
    orders: dict[str, _Order]

    @classmethod
    def of(cls, orders: OrderBook) -> Self:
        """From orders, the states that a restart must not lose."""
        kept = [one for one in orders if not one.open or one.wrong_codes]
        return cls(1, {one.order.matching_id: _Order(one.state, one.wrong_codes) for one in kept})

    def restore(self, orders: OrderBook) -> None:
        """Restore these states in orders."""
        for record in orders:
            found = self.orders.get(record.order.matching_id)
            if found is not None:
                record.state, record.wrong_codes = found.state, found.wrong_codes


@dataclass
class StateFile:
    """The states of a folder's orders, in a file there, so that they survive a restart."""

    path: Path
    _written: _State | None = None

    @classmethod
    def of(cls, folder: Path) -> StateFile:
        """The state file of a folder; it need not exist yet."""
        return cls(folder / STATE_FILE)

    def restore(self, orders: OrderBook) -> None:
        """Restore the states in orders. Raises ServerError for a file of another kind."""
        if not self.path.exists():
            return
        try:
            read_document(_State, _content(self.path)).restore(orders)
        except DocumentError as error:
            raise ServerError(
                f"{self.path} is not a state of orders: {error} Or remove it to release all orders."
            ) from error
        self._written = _State.of(orders)

    def save(self, orders: OrderBook) -> None:
        """Write the changes, the whole file or nothing. Raises ServerError."""
        state = _State.of(orders)
        if state == self._written or (self._written is None and not state.orders):
            return
        try:
            safe_file.replace(self.path, write_document(state))
        except OSError as error:
            raise ServerError(
                f"{self.path} cannot be written: {error.strerror}. "
                "Make room and let this user write there: a restart forgets which orders ended."
            ) from error
        self._written = state
