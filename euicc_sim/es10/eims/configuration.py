"""eIM Configuration Data: checks, and conversion to an `Eim` and back.

SGP.32 v1.2 clause 2.11.1.1.1; shared by AddInitialEim, addEim, updateEim and
GetEimConfigurationData.
"""

from __future__ import annotations

from functools import lru_cache

from euicc_sim.asn1.primitives import number
from euicc_sim.asn1.sgp32.eims import (
    EimConfigurationData,
    EimConfigurationDataValue,
    EimPublicKeyDataValue,
    TrustedPublicKeyDataTlsValue,
)
from euicc_sim.asn1.types import prepared
from euicc_sim.asn1.wire import Wire
from euicc_sim.crypto.signature import PublicKey, UnusableKeyError, check_readable, public_key
from euicc_sim.es10.registry import ResultError
from euicc_sim.es10.session import Session
from euicc_sim.model.eim import (
    EIM_ID_TYPE_PROPRIETARY,
    EIM_ID_TYPES,
    MAX_COUNTER,
    Eim,
    KeyForm,
    PublicKeyData,
)
from euicc_sim.model.replacing import replace
from euicc_sim.readings import UNKNOWN_EIM_ID_TYPE, UNUSABLE_EIM_KEY

TOKEN_WANTED = -1
_FORMS = {
    "eimPublicKey": KeyForm.KEY,
    "eimCertificate": KeyForm.CERTIFICATE,
    "trustedEimPkTls": KeyForm.KEY,
    "trustedCertificateTls": KeyForm.CERTIFICATE,
}

Config = EimConfigurationDataValue


def check_complete(config: Config) -> None:
    """Refuse commandError unless counterValue and a usable eimPublicKeyData are present."""
    for name in ("counterValue", "eimPublicKeyData"):
        if name not in config:
            raise ResultError("commandError", f"{config['eimId']!r} lacks {name}")
    check_fields(config)


def check_fields(config: Config) -> None:
    """Refuse an unknown eimIdType and unusable keys; missing fields are accepted."""
    if config.get("eimIdType", EIM_ID_TYPE_PROPRIETARY) not in EIM_ID_TYPES:
        raise ResultError(
            UNKNOWN_EIM_ID_TYPE, f"eimIdType {number(config['eimIdType'])} is not 1, 2 or 3"
        )
    try:
        if "eimPublicKeyData" in config:
            verifying_key(key_from(config["eimPublicKeyData"]))
        if "trustedPublicKeyDataTls" in config:
            key = key_from(config["trustedPublicKeyDataTls"])
            check_readable(key.der, in_certificate=key.form is KeyForm.CERTIFICATE)
    except UnusableKeyError as error:
        raise ResultError(UNUSABLE_EIM_KEY, f"{config['eimId']!r}: {error}") from error


def has_new_key(config: Config, eim: Eim) -> bool:
    """Whether there is a key that differs from the eIM's, whichever form each has."""
    if "eimPublicKeyData" not in config:
        return False
    return verifying_key(key_from(config["eimPublicKeyData"])) != verifying_key(eim.key)


def verifying_key(key: PublicKeyData) -> PublicKey:
    """The key to verify packages with. Raises UnusableKeyError."""
    return public_key(key.der, in_certificate=key.form is KeyForm.CERTIFICATE)


def check_counter(config: Config) -> None:
    """Refuse counterValueOutOfRange above the maximum or below 0; a missing counter is accepted."""
    counter = config.get("counterValue", 0)
    if not 0 <= counter <= MAX_COUNTER:
        raise ResultError(
            "counterValueOutOfRange",
            f"counter {number(counter)} is not in the range 0 to {MAX_COUNTER}",
        )


def check_ci(session: Session, config: Config) -> None:
    """Refuse ciPKUnknown for a euiccCiPKId below which the card has no certificate."""
    wanted = config.get("euiccCiPKId")
    if wanted is not None and wanted not in session.identity.ci_pk_ids:
        raise ResultError(
            "ciPKUnknown", f"no certificate below CI key {wanted.hex().upper() or '(empty)'}"
        )


def check_token(config: Config) -> None:
    """Refuse invalidAssociationToken unless it is absent or requests one."""
    token = config.get("associationToken", TOKEN_WANTED)
    if token != TOKEN_WANTED:
        raise ResultError(
            "invalidAssociationToken",
            f"an eIM requests an association token with -1 and cannot choose {number(token)}",
        )


def check_room(session: Session, count: int) -> None:
    """Refuse insufficientMemory if `count` more eIMs do not fit."""
    room = session.identity.limits.eims
    if len(session.state.eims) + count > room:
        raise ResultError("insufficientMemory", f"this card has room for {room} eIMs")
    if session.state.switches.memory_full:
        raise ResultError("insufficientMemory", "the memory is full (card set --no-memory-full)")


def associate(session: Session, config: Config) -> Eim:
    """Add a checked eIM with the defaults of clause 5.9.4, and a new token if requested."""
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
        added_at=session.state.next_seq,
    )
    eim = merged(eim, config)
    session.state = session.state.with_eim(eim)
    return eim


def merged(eim: Eim, config: Config) -> Eim:
    """The eIM updated with all fields of `config`; id and token stay the same."""
    key, tls = config.get("eimPublicKeyData"), config.get("trustedPublicKeyDataTls")
    return replace(
        eim,
        counter=config.get("counterValue", eim.counter),
        fqdn=config.get("eimFqdn", eim.fqdn),
        id_type=config.get("eimIdType", eim.id_type),
        protocols=config.get("eimSupportedProtocol", eim.protocols),
        ci_pk_id=config.get("euiccCiPKId", eim.ci_pk_id),
        proprietary=config.get("eSipaProprietaryProtocolInformation", eim.proprietary),
        key=key_from(key) if key else eim.key,
        tls=key_from(tls) if tls else eim.tls,
        indirect_download=eim.indirect_download or "indirectProfileDownload" in config,
    )


def key_from(value: EimPublicKeyDataValue | TrustedPublicKeyDataTlsValue) -> PublicKeyData:
    """A key or certificate in the form in which it is stored."""
    name, der = value
    return PublicKeyData(_FORMS[name], der)


def _key_data(key: PublicKeyData) -> EimPublicKeyDataValue:
    if key.form is KeyForm.CERTIFICATE:
        return "eimCertificate", key.der
    return "eimPublicKey", key.der


def _tls_data(key: PublicKeyData) -> TrustedPublicKeyDataTlsValue:
    if key.form is KeyForm.CERTIFICATE:
        return "trustedCertificateTls", key.der
    return "trustedEimPkTls", key.der


@lru_cache(maxsize=1024)
def configuration_data(wire: Wire, eim: Eim) -> EimConfigurationDataValue:
    """The EimConfigurationData in BF55: without the counter, with the token if there is one."""
    config: Config = {
        "eimId": eim.eim_id,
        "eimIdType": eim.id_type,
        "eimPublicKeyData": _key_data(eim.key),
        "eimSupportedProtocol": eim.protocols,
        "euiccCiPKId": eim.ci_pk_id,
    }
    if eim.fqdn is not None:
        config["eimFqdn"] = eim.fqdn
    if eim.token is not None:
        config["associationToken"] = eim.token
    if eim.tls is not None:
        config["trustedPublicKeyDataTls"] = _tls_data(eim.tls)
    if eim.indirect_download:
        config["indirectProfileDownload"] = None
    if eim.proprietary is not None:
        config["eSipaProprietaryProtocolInformation"] = eim.proprietary
    message = wire[EimConfigurationData]
    return prepared(EimConfigurationData, message.encode(message.known(config)))
