"""Creates cards, and changes the settings of closed ones.

Reads the private keys when a card is opened.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.crypto.signer import Signer
from euicc_sim.model.identity import CardType, Credential, Identity
from euicc_sim.model.profile import AuthorisationRule
from euicc_sim.model.sgp22_versions import SGP22_VERSIONS, version_bytes
from euicc_sim.model.state import Limits, State, SwitchError, Switches
from euicc_sim.store.directory import JsonStore, read
from euicc_sim.store.disk import CHANGES, DOCUMENT, DRAFT, HISTORY, LOCK, CardError, reason
from euicc_sim.store.kinds import MAX_INTEGER, MisfitError
from euicc_sim.store.schema import MAX_MEMORY, check_version
from keys import (
    Curve,
    EuiccCredential,
    PkiError,
    TestPki,
    load_private_key,
    validate_eid,
    write_private_key,
)

SGP33_EID = "89049032123451234512345678901235"
"""#EID1 of SGP.33-1 annex A; the eUICC certificates published with SGP.26 are for it."""
DEFAULT_EID = SGP33_EID
"""That of the test card too, so that scripts with signed packages can be replayed."""

PKI_FOLDER = "pki"
DIRECTORY_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties that a closed card can still be given; see `Identity`.

    None is the default for a new card, and no change for another.
    """

    sgp32: str | None = None
    sgp22: str | None = None
    security_level: bytes | None = None
    test_profile_servers: tuple[str, ...] | None = None
    highest_svn: str | None = None
    """Empty: none."""

    def of(self, identity: Identity) -> Identity:
        """An identity with these. Raises CardError for what no card can have, or not this one."""
        if self.sgp32 is not None and self.sgp32 not in VERSIONS:
            raise CardError(f"SGP.32 {self.sgp32} is not supported; choose {', '.join(VERSIONS)}")
        if self.sgp22 is not None and self.sgp22 not in SGP22_VERSIONS:
            known = ", ".join(SGP22_VERSIONS)
            raise CardError(f"SGP.22 {self.sgp22} is not supported; choose {known}")
        found = replace(
            identity,
            sgp32_version=self.sgp32 or identity.sgp32_version,
            sgp22_version=self.sgp22 or identity.sgp22_version,
        )
        return self._with_highest(self._with_servers(self._with_level(found)))

    def _with_level(self, identity: Identity) -> Identity:
        level = self.security_level
        if level is None:
            return identity
        if not identity.sgp22.checks_security_level:
            raise _lacking(identity, "security level")
        if len(level) != 1:
            raise CardError(f"a security level is one byte, such as 0C, not {len(level)}")
        return replace(identity, security_level=level)

    def _with_servers(self, identity: Identity) -> Identity:
        servers = self.test_profile_servers
        if servers is None:
            return identity
        if servers and not identity.sgp22.checks_test_profile_servers:
            raise _lacking(identity, "list of servers for test Profiles")
        if "" in servers:
            raise CardError("a server of test Profiles needs an address, such as smdp.example.com")
        return replace(identity, test_profile_servers=servers)

    def _with_highest(self, identity: Identity) -> Identity:
        highest, own = self.highest_svn, identity.sgp22
        if not highest:
            return identity if highest is None else replace(identity, highest_svn=None)
        try:
            above = version_bytes(highest) > own.svn
        except ValueError as error:
            raise CardError(f"{error}; write highestSvn like 3.1.0") from error
        if not above:
            raise CardError(
                f"highestSvn {highest} is not above the card's own svn, {own.name}; "
                "choose a later one, such as 3.1.0"
            )
        return replace(identity, highest_svn=highest)


def _lacking(identity: Identity, what: str) -> CardError:
    return CardError(f"SGP.22 v{identity.sgp22.name} has no {what}; make the card one of v2.7")


@dataclass(frozen=True, slots=True)
class CardPlan:
    """The properties of a new card; see `Identity`.

    With `published`, it has the certificates and keys that its PKI holds for that EID.
    """

    eid: str = DEFAULT_EID
    seed: int | None = None
    limits: Limits = field(default_factory=Limits)
    card_type: CardType = CardType.IOT
    rules: tuple[AuthorisationRule, ...] = ()
    published: bool = False
    has_ipae: bool = False
    properties: Properties = field(default_factory=lambda: Properties())


def make_identity(
    directory: Path, plan: CardPlan, *, pki: TestPki | Path | str | None, fsync: bool = True
) -> tuple[Signer, ...]:
    """Create a card in `directory` and return its keys. On CardError there is no card."""
    limits = plan.limits
    if limits.eims < 1 or limits.results < 1:
        raise CardError("a card needs room for at least one eIM and one package result")
    identity = plan.properties.of(
        Identity(
            plan.eid,
            (),
            limits=limits,
            seed=plan.seed,
            card_type=plan.card_type,
            authorisation_rules=plan.rules,
            has_ipae=plan.has_ipae,
        )
    )
    if not 0 <= limits.memory < MAX_MEMORY:
        raise CardError(f"the memory must be 0 to {MAX_MEMORY - 1} bytes")
    if plan.has_ipae and plan.card_type is CardType.CONSUMER:
        raise CardError("an IPAe is of SGP.32; choose another type than consumer")
    if plan.seed is not None and abs(plan.seed) > MAX_INTEGER:
        raise CardError(f"a seed must be from {-MAX_INTEGER} to {MAX_INTEGER}")
    try:
        _check_free(directory)
        validate_eid(plan.eid)
        with _new_card(directory, fsync=fsync) as store:
            signers = _issue(directory, plan, pki, fsync=fsync)
            identity = replace(identity, credentials=tuple(one.credential for one in signers))
            store.create(identity, State())
    except PkiError as error:
        raise CardError(str(error)) from error
    except OSError as error:
        raise CardError(f"a card could not be made in {directory}: {reason(error)}") from error
    return signers


def type_of_card(name: CardType | str) -> CardType:
    """The type of that name. Raises CardError."""
    try:
        return CardType(name)
    except ValueError as error:
        raise CardError(f"{name} is not a card type; choose {', '.join(CardType)}") from error


def _check_free(directory: Path) -> None:
    if (directory / DOCUMENT).exists():
        raise CardError(f"{directory} has a card already; open it, or choose another directory")
    changes = directory / CHANGES
    if os.path.lexists(changes) and (
        changes.is_symlink() or not changes.is_file() or changes.stat().st_size
    ):
        raise CardError(
            f"{changes} is the change log of another card; "
            "move it away, or choose another directory"
        )
    if os.path.lexists(directory / HISTORY):
        raise CardError(
            f"{directory / HISTORY} is the history of another card; "
            "move it away, or choose another directory"
        )


@contextmanager
def _new_card(directory: Path, *, fsync: bool) -> Iterator[JsonStore]:
    """A locked directory for a new card; files of a failed creation are removed."""
    made = not directory.exists()
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    store = JsonStore(directory, fsync=fsync)
    parts = (DOCUMENT, DRAFT, CHANGES, PKI_FOLDER, *map(_key_file, Curve))
    new = [path for path in (directory / name for name in parts) if not os.path.lexists(path)]
    try:
        yield store
    except BaseException:
        with suppress(OSError):
            _remove(new)
            if made:
                (directory / LOCK).unlink()
                directory.rmdir()
        raise
    finally:
        store.close()


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _key_file(curve: Curve) -> str:
    return f"SK_EUICC_ECDSA_{curve.value}.pem"


def _issue(
    directory: Path, plan: CardPlan, pki: TestPki | Path | str | None, *, fsync: bool
) -> tuple[Signer, ...]:
    own = directory / PKI_FOLDER
    if isinstance(pki, TestPki):
        issuer = pki
    elif pki is not None:
        issuer = TestPki.load(Path(pki))
    elif own.exists():
        issuer = TestPki.load(own)
    else:
        issuer = TestPki.create(seed=plan.seed)
        issuer.write(own, fsync=fsync)
    make = issuer.euicc_of if plan.published else issuer.issue_euicc
    issued = make(plan.eid, plan.seed)
    return tuple(_keep(directory, one, fsync=fsync) for one in issued)


def _keep(directory: Path, issued: EuiccCredential, *, fsync: bool) -> Signer:
    name = _key_file(issued.curve)
    write_private_key(directory / name, issued.private_key, fsync=fsync)
    credential = Credential(
        curve=issued.curve.value,
        ci_pk_id=issued.ci_pk_id,
        eum_certificate=issued.eum_certificate,
        euicc_certificate=issued.euicc_certificate,
        key_file=name,
        ci_certificate=issued.ci_certificate,
    )
    return Signer(credential, issued.private_key)


def load_signers(
    directory: Path, identity: Identity, known: tuple[Signer, ...] = ()
) -> tuple[Signer, ...]:
    """The private keys that belong to a card's certificates. Raises CardError.

    Those that are `known`, from making this card, are not read again.
    """
    if tuple(one.credential for one in known) == identity.credentials:
        return known
    return tuple(_signer(directory, one) for one in identity.credentials)


def _signer(directory: Path, credential: Credential) -> Signer:
    path = directory / credential.key_file
    try:
        key = load_private_key(path, plain=True)
    except PkiError as error:
        raise CardError(str(error)) from error
    try:
        certified = x509.load_der_x509_certificate(credential.euicc_certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CardError(
            f"{directory / DOCUMENT} is damaged: "
            f"the card's {credential.curve} certificate cannot be used: {error}"
        ) from error
    if certified != key.public_key():
        raise CardError(
            f"{path} is not the private key of this card's {credential.curve} certificate"
        )
    return Signer(credential, key)


def set_switches(directory: Path, **changes: Any) -> Switches:
    """Turn switches of a closed card on or off, and return all switches.

    `changes` are fields of `Switches`; if there are none, the card may be in use. Raises CardError.
    """
    if not changes:
        return read(directory)[1].switches
    with _closed_card(directory, "the switches were not saved") as (store, _, state):
        state = _switched(state, changes)
        store.save(state)
    return state.switches


def _switched(state: State, changes: Mapping[str, Any]) -> State:
    try:
        return state.with_switches(replace(state.switches, **changes))
    except SwitchError as error:
        raise CardError(f"{error}; the switches stay as they are") from error


def set_properties(directory: Path, properties: Properties, **changes: Any) -> Switches:
    """Give a closed card other properties, and change switches too; see `set_switches`.

    Its stored data stay the same, including signed results. Raises CardError, and then nothing has
    changed.
    """
    with _closed_card(directory, "the properties were not saved") as (store, identity, state):
        if properties.sgp32 is not None and identity.card_type is CardType.CONSUMER:
            raise CardError(f"the card in {directory} is a consumer card, without SGP.32")
        identity = properties.of(identity)
        try:
            check_version(identity, state)
        except MisfitError as error:
            raise CardError(f"{error}; the version stays, so delete that eIM first") from error
        state = _switched(state, changes)
        store.create(identity, state)
    return state.switches


@contextmanager
def _closed_card(directory: Path, trouble: str) -> Iterator[tuple[JsonStore, Identity, State]]:
    """A card that is not in use, for changes."""
    read(directory)  # opening the store would leave a lock where there is no card
    store = JsonStore(directory)
    try:
        yield store, *store.load()
    except OSError as error:
        raise CardError(f"{trouble}: {reason(error)}") from error
    finally:
        store.close()
