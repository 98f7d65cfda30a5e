"""The contact list at the factory and for reading: AddInitialEim, GetEimConfigurationData.

Also what these share with the signed operations: checking eIM Configuration Data and turning it
into an `Eim` and back.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from euicc_sim.asn1.codec import Prepared
from euicc_sim.asn1.wire import Wire
from euicc_sim.crypto.signature import UnusableKeyError, public_key
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.model.eim import MAX_COUNTER, Eim, KeyForm, PublicKeyData
from euicc_sim.readings import DUPLICATE_IN_ADD_INITIAL_EIM, UNUSABLE_EIM_KEY
from euicc_sim.session import Session

TOKEN_WANTED = -1
_FORMS = {
    "eimPublicKey": KeyForm.KEY,
    "eimCertificate": KeyForm.CERTIFICATE,
    "trustedEimPkTls": KeyForm.KEY,
    "trustedCertificateTls": KeyForm.CERTIFICATE,
}
_KEY_NAMES = {KeyForm.KEY: "eimPublicKey", KeyForm.CERTIFICATE: "eimCertificate"}
_TLS_NAMES = {KeyForm.KEY: "trustedEimPkTls", KeyForm.CERTIFICATE: "trustedCertificateTls"}

Config = dict[str, Any]


def check_complete(config: Config) -> None:
    """Refuse commandError unless counterValue and a usable eimPublicKeyData are there."""
    for name in ("counterValue", "eimPublicKeyData"):
        if name not in config:
            raise ResultError("commandError", f"{config['eimId']!r} comes without {name}")
    check_key(config)


def check_key(config: Config) -> None:
    """Refuse a key that the card could never verify with; a missing one is fine."""
    if "eimPublicKeyData" in config:
        key = key_from(config["eimPublicKeyData"])
        try:
            public_key(key.der, in_certificate=key.form is KeyForm.CERTIFICATE)
        except UnusableKeyError as error:
            raise ResultError(UNUSABLE_EIM_KEY, f"{config['eimId']!r}: {error}") from error


def check_counter(config: Config) -> None:
    """Refuse counterValueOutOfRange above the maximum or below 0; a missing one is fine."""
    counter = config.get("counterValue", 0)
    if not 0 <= counter <= MAX_COUNTER:
        raise ResultError(
            "counterValueOutOfRange", f"counter {counter} is not within 0 to {MAX_COUNTER}"
        )


def check_ci(session: Session, config: Config) -> None:
    """Refuse ciPKUnknown for a euiccCiPKId that the card has no certificate below."""
    wanted = config.get("euiccCiPKId")
    if wanted is not None and wanted not in session.identity.ci_pk_ids:
        raise ResultError(
            "ciPKUnknown", f"no certificate below CI key {wanted.hex().upper() or '(empty)'}"
        )


def check_token(config: Config) -> None:
    """Refuse invalidAssociationToken unless it is absent or asks for one."""
    token = config.get("associationToken", TOKEN_WANTED)
    if token != TOKEN_WANTED:
        raise ResultError(
            "invalidAssociationToken",
            f"an eIM can ask for an association token with -1, not choose {token}",
        )


def check_room(session: Session, count: int) -> None:
    """Refuse insufficientMemory when `count` more eIMs do not fit."""
    room = session.identity.limits.eims
    if len(session.state.eims) + count > room:
        raise ResultError("insufficientMemory", f"this card has room for {room} eIMs")


def associate(session: Session, config: Config) -> Eim:
    """Add a checked eIM with the defaults of clause 5.9.4, and a fresh token if it asks."""
    token = None
    if "associationToken" in config:
        token = session.state.next_token
        session.state = replace(session.state, next_token=token + 1)
    eim = Eim(
        eim_id=config["eimId"],
        counter=config["counterValue"],
        key=key_from(config["eimPublicKeyData"]),
        ci_pk_id=session.identity.ci_pk_ids[0],
        token=token,
    )
    eim = merged(eim, config)
    session.state = session.state.with_eim(eim)
    return eim


def merged(eim: Eim, config: Config) -> Eim:
    """The eIM with every field that `config` has; id and token stay."""
    changes: dict[str, Any] = {}
    for field, name in (
        ("counter", "counterValue"),
        ("fqdn", "eimFqdn"),
        ("id_type", "eimIdType"),
        ("protocols", "eimSupportedProtocol"),
        ("ci_pk_id", "euiccCiPKId"),
    ):
        if name in config:
            changes[field] = config[name]
    if "eimPublicKeyData" in config:
        changes["key"] = key_from(config["eimPublicKeyData"])
    if "trustedPublicKeyDataTls" in config:
        changes["tls"] = key_from(config["trustedPublicKeyDataTls"])
    if "indirectProfileDownload" in config:
        changes["indirect_download"] = True
    return replace(eim, **changes)


def key_from(value: tuple[str, bytes]) -> PublicKeyData:
    """A key or certificate as it is kept."""
    name, der = value
    return PublicKeyData(_FORMS[name], der)


@lru_cache(maxsize=1024)
def configuration_data(wire: Wire, eim: Eim) -> Prepared:
    """The EimConfigurationData that BF55 shows: never the counter, the token if there is one."""
    config: Config = {
        "eimId": eim.eim_id,
        "eimIdType": eim.id_type,
        "eimPublicKeyData": (_KEY_NAMES[eim.key.form], eim.key.der),
        "eimSupportedProtocol": eim.protocols,
        "euiccCiPKId": eim.ci_pk_id,
    }
    if eim.fqdn is not None:
        config["eimFqdn"] = eim.fqdn
    if eim.token is not None:
        config["associationToken"] = eim.token
    if eim.tls is not None:
        config["trustedPublicKeyDataTls"] = (_TLS_NAMES[eim.tls.form], eim.tls.der)
    if eim.indirect_download:
        config["indirectProfileDownload"] = None
    return Prepared(wire.encode("EimConfigurationData", config))


def _refuse(code: str) -> tuple[str, str]:
    return "addInitialEimError", code


def _check_nobody_trusted(session: Session) -> None:
    if session.state.eims:
        names = ", ".join(one.eim_id for one in session.state.eims[:3])
        raise ResultError(
            "associatedEimAlreadyExists",
            f"{names} is trusted already, so an eIM must be added by a signed package",
        )


def _malformed(session: Session, why: str) -> ResultError:
    try:
        _check_nobody_trusted(session)
    except ResultError as error:
        return error
    return ResultError("commandError", why)


@es10(
    0xBF57,
    "AddInitialEimRequest",
    "AddInitialEimResponse",
    clause="SGP.32 5.9.4",
    refuse=_refuse,
    codes=(
        "insufficientMemory",
        "associatedEimAlreadyExists",
        "ciPKUnknown",
        "invalidAssociationToken",
        "counterValueOutOfRange",
        "commandError",
    ),
    malformed=_malformed,
)
def add_initial_eim(session: Session, request: dict[str, Any]) -> tuple[str, Any]:
    """AddInitialEim, SGP.32 v1.2 clauses 3.5.2 and 5.9.4: unsigned, while nobody is trusted."""
    configs: list[Config] = request["eimConfigurationDataList"]
    _check_nobody_trusted(session)
    _check_list(configs)
    for config in configs:
        check_complete(config)
    for config in configs:
        check_counter(config)
    for config in configs:
        check_ci(session, config)
    for config in configs:
        check_token(config)
    check_room(session, len(configs))
    added = [associate(session, config) for config in configs]
    session.note(f"trusts {', '.join(one.eim_id for one in added)}")
    return "addInitialEimOk", [
        ("addOk", None) if one.token is None else ("associationToken", one.token) for one in added
    ]


def _check_list(configs: list[Config]) -> None:
    if not configs:
        raise ResultError("commandError", "the list of eIMs is empty")
    ids = [config["eimId"] for config in configs]
    if len(set(ids)) != len(ids):
        raise ResultError(DUPLICATE_IN_ADD_INITIAL_EIM, "an eimId is there twice")


@es10(
    0xBF55,
    "GetEimConfigurationDataRequest",
    "GetEimConfigurationDataResponse",
    clause="SGP.32 5.9.18",
)
def get_eim_configuration_data(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """GetEimConfigurationData, SGP.32 v1.2 clause 5.9.18: all eIMs, or the one asked for."""
    eims = session.state.eims
    if "searchCriteria" in request:
        _, wanted = request["searchCriteria"]
        eims = tuple(one for one in eims if one.eim_id == wanted)
    session.note(f"{len(eims)} eIM{'' if len(eims) == 1 else 's'}")
    return {"eimConfigurationDataList": [configuration_data(session.wire, one) for one in eims]}
