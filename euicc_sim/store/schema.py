"""The content of a card's document: each stored record declared once, field by field.

Reading, writing, validation, the change log and `docs/card.schema.json` come from these tables.
A field of the model that is missing here stops the program at startup, with its name. JSON names
are those of the standards. Knows no files.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any

from msgspec import Meta, Struct, defstruct

from euicc_sim.asn1.codec import extent_of
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.saip.names import ELEMENTS, PE_STATUSES
from euicc_sim.asn1.sgp22.common import (
    DpProprietaryData,
    NotificationConfigurationInformation,
    OperatorId,
)
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResultData
from euicc_sim.asn1.sgp32.eims import EimConfigurationData
from euicc_sim.asn1.sgp32.profiles import ProfileInfo
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.crypto.signature import UnusableKeyError, public_key
from euicc_sim.model.eim import MAX_COUNTER, Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import CardType, Credential, Identity
from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.profile import (
    AuthorisationRule,
    BppCommand,
    Installation,
    Operator,
    Profile,
    Recipient,
    Rollback,
)
from euicc_sim.model.sgp22_versions import SGP22_VERSIONS, version_bytes
from euicc_sim.model.sim import FileState, PinState, SimState
from euicc_sim.model.state import (
    ImmediateEnable,
    Limits,
    RefusedElement,
    Returns,
    State,
    Strictness,
    Switches,
)
from euicc_sim.store.kinds import (
    BOOLEAN,
    MAX_INTEGER,
    MAX_TEXT,
    Field,
    Kind,
    Mapped,
    MisfitError,
    Record,
    bits,
    code,
    code_or_number,
    der,
    field_of,
    hexadecimal,
    integer,
    listed,
    optional,
    text,
    text_like,
    word_of,
    words,
)

SCHEMA = 2
"""The number of the schema that is written. Schema 1, of 0.1.0 and 0.2.0, has the same fields but
no change log: a program that knows only schema 1 must not open this one."""
SCHEMAS_READ = (1, 2)

ID_TYPES = {1: "oid", 2: "fqdn", 3: "proprietary"}
PROTOCOLS = ("retrieveHttps", "retrieveCoaps", "injectHttps", "injectCoaps", "proprietary")
"""By the bits of eimSupportedProtocol."""
EVENTS = ("install", "enable", "disable", "delete")
CLASSES = {0: "test", 1: "provisioning", 2: "operational"}
RULES = ("pprUpdateControl", "ppr1", "ppr2")
ICON_TYPES = ("jpg", "png")
STEPS: dict[int, str] = {
    BppCommand.INITIALISE_SECURE_CHANNEL: "initialiseSecureChannel",
    BppCommand.CONFIGURE_ISDP: "configureISDP",
    BppCommand.STORE_METADATA: "storeMetadata",
    BppCommand.REPLACE_SESSION_KEYS: "replaceSessionKeys",
    BppCommand.LOAD_PROFILE_ELEMENTS: "loadProfileElements",
}
MAX_MEMORY = 1 << 32
"""EUICCInfo2 reports the free memory in four bytes."""
PACKAGES = "profiles"
"""The folder of profile packages, beside the document."""

TEXT = text()
HEX = hexadecimal()
NUMBER = integer(1)
SEQ_NUMBER = integer(0)
SECONDS = integer(0, 0xFF)
ICCID = field_of(ProfileInfo, "iccid")
EIM_ID = text(1, 0xFFFF)
"""As long as SGP.32 v1.0 lets it be; `check_version` knows the later limit."""
MAX_EIM_ID = extent_of(EimConfigurationData, "eimId").most or 0xFFFF
TRANSACTION_ID = field_of(ProfileInstallationResultData, "transactionId")
SMDP_OID = field_of(ProfileInstallationResultData, "smdpOid")
ADDRESS = field_of(NotificationConfigurationInformation, "notificationAddress")
CERTIFICATE = der(0x30)
FLAG = optional(BOOLEAN)
MAX_FILE_CONTENT = 0xFFFF
MAX_PATH = 8
"""The longest path of a SIM's file, in bytes."""
TRIES = integer(0, 15)
SEQUENCE = integer(0, 2**43 - 1)
REMOTE_COUNTER = integer(0, 2**40 - 1)


def by_hex(value: Kind, least: int, most: int) -> Kind:
    """Values by bytes, `least` to `most` of them, as hex digits."""
    return Mapped(rf"([0-9A-F]{{2}}){{{least},{most}}}", hexadecimal(least, most), value)


def package_file(iccid: bytes) -> str:
    """The file of a Profile's package in the card's directory, named by the ICCID's digits."""
    return f"{PACKAGES}/{iccid_digits(iccid)}.upp"


def package_digest(package: bytes) -> str:
    """SHA-256 of a profile package, as in the document."""
    return sha256(package).hexdigest().upper()


# -- kinds of values that are specific to cards


def _key(name: str, *, signing: bool) -> Kind:
    """A public key by its form; a key for verifying packages must be usable."""
    kind = CERTIFICATE
    form = defstruct(
        name,
        [(one.value, kind.form | None, None) for one in KeyForm],
        forbid_unknown_fields=True,
        kw_only=True,
    )

    def read(record: Struct) -> PublicKeyData:
        given = {one: found for one in KeyForm if (found := getattr(record, one.value)) is not None}
        if len(given) != 1:
            raise ValueError("either publicKey or certificate is needed, as DER in hex")
        ((found_form, value),) = given.items()
        key = PublicKeyData(found_form, kind.read(value))
        if signing:
            _check_usable(key.der, in_certificate=key.form is KeyForm.CERTIFICATE)
        return key

    return Kind(form, read, lambda key: {key.form.value: kind.write(key.der)})


def _check_usable(der: bytes, *, in_certificate: bool) -> None:
    try:
        public_key(der, in_certificate=in_certificate)
    except UnusableKeyError as error:
        raise ValueError(str(error)) from error


def _ci_certificate() -> Kind:
    def read(value: str) -> bytes:
        found: bytes = CERTIFICATE.read(value)
        _check_usable(found, in_certificate=True)
        return found

    return Kind(CERTIFICATE.form, read, CERTIFICATE.write)


def _version() -> Kind:
    def read(value: str) -> str:
        try:
            version_bytes(value)
        except ValueError as error:
            raise ValueError("numbers up to 255 are expected here, such as 3.1.0") from error
        return value

    return Kind(TEXT.form, read, TEXT.write)


def _enabled(names: tuple[str, str]) -> Kind:
    return Kind(words(*names).form, names.index, lambda enabled: names[enabled])


class PackageReference(Struct, frozen=True, forbid_unknown_fields=True):
    """The document's reference to a profile package; the file is found by the ICCID."""

    file: Annotated[str, Meta(max_length=MAX_TEXT)]
    size: Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
    sha256: Annotated[str, Meta(pattern="^[0-9A-F]{64}$", max_length=64)]


def _package_reference(profile: Profile) -> dict[str, Any]:
    return {
        "file": package_file(profile.iccid),
        "size": len(profile.package),
        "sha256": package_digest(profile.package),
    }


# -- the identity of a card

OPERATOR = Record(
    Operator,
    Field("mccMnc", "mcc_mnc", field_of(OperatorId, "mccMnc")),
    Field("gid1", "gid1", optional(HEX)),
    Field("gid2", "gid2", optional(HEX)),
)
RULE = Record(
    AuthorisationRule,
    Field("pprIds", "rules", bits(RULES)),
    Field("allowedOperators", "operators", listed(OPERATOR)),
    Field("consentRequired", "consent_required", BOOLEAN),
)
LIMITS = Record(
    Limits,
    Field("eims", "eims", NUMBER, required=True),
    Field("results", "results", NUMBER, required=True),
    Field("notifications", "notifications", NUMBER),
    Field("memory", "memory", integer(0, MAX_MEMORY - 1)),
)
CREDENTIAL = Record(
    Credential,
    Field("curve", "curve", TEXT),
    Field("euiccCiPKId", "ci_pk_id", HEX),
    Field("ciCertificate", "ci_certificate", optional(_ci_certificate())),
    Field("eumCertificate", "eum_certificate", CERTIFICATE),
    Field("euiccCertificate", "euicc_certificate", CERTIFICATE),
    Field("privateKey", "key_file", text_like("[A-Za-z0-9_.-]+", "letters and digits")),
)
IDENTITY = Record(
    Identity,
    Field("eid", "eid", text_like("[0-9]{32}", "32 digits")),
    Field("type", "card_type", word_of(CardType)),
    Field("sgp32", "sgp32_version", words(*VERSIONS), required=True),
    Field("sgp22", "sgp22_version", optional(words(*SGP22_VERSIONS))),
    Field("ipae", "has_ipae", BOOLEAN),
    Field("highestSvn", "highest_svn", optional(_version())),
    Field("euiccMinimumSecurityLevel", "security_level", hexadecimal(1, 1)),
    Field("testProfileServers", "test_profile_servers", listed(ADDRESS)),
    Field("rootDsAddress", "root_ds_address", ADDRESS, required=True),
    Field("limits", "limits", LIMITS, required=True),
    Field("seed", "seed", optional(integer(-MAX_INTEGER))),
    Field("rulesAuthorisationTable", "authorisation_rules", listed(RULE)),
    Field("credentials", "credentials", listed(CREDENTIAL, least=1)),
)

# -- the state of a card

EIM = Record(
    Eim,
    Field("eimId", "eim_id", EIM_ID),
    Field("eimFqdn", "fqdn", optional(TEXT)),
    Field("eimIdType", "id_type", code(ID_TYPES)),
    Field("counterValue", "counter", integer(0, MAX_COUNTER)),
    Field("associationToken", "token", optional(NUMBER)),
    Field("eimPublicKeyData", "key", _key("SigningKey", signing=True)),
    Field("trustedPublicKeyDataTls", "tls", optional(_key("TlsKey", signing=False))),
    Field("eimSupportedProtocol", "protocols", bits(PROTOCOLS), required=True),
    Field("euiccCiPKId", "ci_pk_id", HEX),
    Field("indirectProfileDownload", "indirect_download", BOOLEAN),
    Field("eSipaProprietaryProtocolInformation", "proprietary", optional(der(0xAA))),
    Field("addedAtSeqNumber", "added_at", integer()),
)
RESULT = Record(
    PackageResult,
    Field("seqNumber", "seq_number", SEQ_NUMBER),
    Field("eimId", "eim_id", EIM_ID),
    Field("euiccPackageResult", "signed", der(0xBF51)),
)
NOTIFICATION = Record(
    Notification,
    Field("seqNumber", "seq_number", SEQ_NUMBER),
    Field("profileManagementOperation", "events", bits(EVENTS)),
    Field("notificationAddress", "address", ADDRESS),
    Field("iccid", "iccid", optional(ICCID)),
    Field("pendingNotification", "signed", der(0xBF37, 0x30)),
)
RECIPIENT = Record(
    Recipient,
    Field("profileManagementOperation", "events", bits(EVENTS)),
    Field("notificationAddress", "address", ADDRESS),
)
SIM_FILE = Record(
    FileState,
    Field("content", "content", optional(hexadecimal(0, MAX_FILE_CONTENT))),
    Field("activated", "activated", BOOLEAN),
)
SIM_PIN = Record(
    PinState,
    Field("value", "value", hexadecimal(8, 8)),
    Field("enabled", "enabled", BOOLEAN),
    Field("triesLeft", "left", TRIES),
    Field("replacedByUniversalPin", "replaced", BOOLEAN),
)
SIM = Record(
    SimState,
    Field("files", "files", by_hex(SIM_FILE, 0, MAX_PATH), in_parts=True),
    Field("pins", "pins", by_hex(SIM_PIN, 1, MAX_PATH + 1), in_parts=True),
    Field("puks", "puks", by_hex(TRIES, 1, 1), in_parts=True),
    Field("sequenceNumbers", "sequence", by_hex(SEQUENCE, 3, MAX_PATH + 1), in_parts=True),
    Field("remoteCounters", "counters", by_hex(REMOTE_COUNTER, 1, 1), in_parts=True),
)
"""Paths in hex digits; a PIN's is followed by its reference, that of a sequence number by its index
(3GPP TS 33.102 C.1.1)."""
PROFILE = Record(
    Profile,
    Field("iccid", "iccid", ICCID),
    Field("isdpAid", "aid", hexadecimal(5, 16)),
    Field("profileState", "enabled", _enabled(("disabled", "enabled")), required=True),
    Field("profileNickname", "nickname", field_of(ProfileInfo, "profileNickname")),
    Field("serviceProviderName", "service_provider", field_of(ProfileInfo, "serviceProviderName")),
    Field("profileName", "name", field_of(ProfileInfo, "profileName")),
    Field("profileClass", "profile_class", code(CLASSES), required=True),
    Field("iconType", "icon_type", optional(code_or_number(ICON_TYPES, -MAX_INTEGER, MAX_INTEGER))),
    Field("icon", "icon", optional(field_of(ProfileInfo, "icon"))),
    Field("notificationConfigurationInfo", "recipients", listed(RECIPIENT)),
    Field("profileOwner", "owner", optional(OPERATOR)),
    Field("dpOid", "dp_oid", optional(field_of(DpProprietaryData, "dpOid"))),
    Field("profilePolicyRules", "rules", bits(RULES)),
    Field("serviceSpecificDataStoredInEuicc", "service_data", optional(der(0xBF22))),
    Field("ecallIndication", "ecall", FLAG),
    Field("fallbackAllowed", "fallback_allowed", FLAG),
    Field("connectivityParameters", "connectivity", optional(HEX)),
    Field("iotSpecificProfileInfo", "iot_data", optional(der(0xBF64))),
    Field("preLoaded", "preloaded", BOOLEAN),
    Field("sim", "sim", SIM, in_parts=True),
    Field("euiccCiPKId", "ci_pk_id", HEX),
    Field(
        "package",
        "package",
        Kind(PackageReference, lambda _: b"", _package_reference),
        whole=True,
    ),
)
"""Read without the package, which `document` adds from the file beside the document."""

IMMEDIATE_ENABLE = Record(
    ImmediateEnable,
    Field("enabled", "enabled", BOOLEAN),
    Field("smdpOid", "smdp_oid", optional(SMDP_OID)),
    Field("smdpAddress", "smdp_address", optional(TEXT)),
)
ROLLBACK = Record(
    Rollback,
    Field("iccid", "iccid", ICCID),
    Field("eimId", "eim_id", EIM_ID),
    Field("counterValue", "counter", integer()),
    Field("eimTransactionId", "transaction_id", optional(TRANSACTION_ID)),
    Field("seqNumber", "seq_number", SEQ_NUMBER),
    Field("eimSignature", "signature", HEX),
)
RETURNS = Record(
    Returns,
    Field("rollback", "rollback", optional(ROLLBACK)),
    Field("fallback", "fallback", optional(ICCID)),
    Field("emergency", "emergency", optional(ICCID)),
    Field("test", "test", optional(ICCID)),
)
INSTALLATION = Record(
    Installation,
    Field("transactionId", "transaction_id", TRANSACTION_ID),
    Field("address", "address", ADDRESS),
    Field("smdpOid", "smdp_oid", SMDP_OID),
    Field("euiccCiPKId", "ci_pk_id", HEX),
    Field("step", "step", code(STEPS)),
    Field("iccid", "iccid", optional(ICCID)),
)
REFUSED_ELEMENT = Record(
    RefusedElement,
    Field("element", "element", words(*ELEMENTS)),
    Field("status", "status", code(PE_STATUSES)),
)
SWITCHES = Record(
    Switches,
    Field("resetAfterSwitch", "reset_after_switch", BOOLEAN),
    Field("ipadRequired", "ipad_required", BOOLEAN),
    Field("toolkit", "toolkit", BOOLEAN),
    Field("pollInterval", "poll_interval", SECONDS),
    Field("toolkitBusy", "toolkit_busy", BOOLEAN),
    Field("memoryFull", "memory_full", BOOLEAN),
    Field("neverTwice", "never_twice", BOOLEAN),
    Field("profileRequired", "profile_required", BOOLEAN),
    Field("lostWithChannel", "lost_with_channel", BOOLEAN),
    Field("numberFromZero", "number_from_zero", BOOLEAN),
    Field("standardIsdrAid", "standard_isdr_aid", BOOLEAN),
    Field("isdrAids", "isdr_aids", listed(hexadecimal(5, 16))),
    Field("refusedElements", "refused_elements", listed(REFUSED_ELEMENT)),
    Field("strictness", "strictness", word_of(Strictness)),
)
STATE = Record(
    State,
    Field("nextSeqNumber", "next_seq", SEQ_NUMBER, required=True),
    Field("nextAssociationToken", "next_token", NUMBER, required=True),
    Field("defaultDpAddress", "default_dp_address", TEXT, required=True),
    Field("immediateEnable", "immediate_enable", IMMEDIATE_ENABLE, required=True),
    Field("eims", "eims", listed(EIM), required=True),
    Field("results", "results", listed(RESULT), required=True),
    Field("notifications", "notifications", listed(NOTIFICATION), required=True),
    Field("profiles", "profiles", listed(PROFILE)),
    Field("fallbackProfile", "fallback_profile", optional(ICCID)),
    Field("returns", "returns", RETURNS),
    Field("installation", "installation", optional(INSTALLATION)),
    Field("switches", "switches", SWITCHES),
)

KEYS = {"eims": "eimId", "results": "seqNumber", "notifications": "seqNumber", "profiles": "iccid"}
"""Lists whose items the change log tells apart, and the field that identifies them."""

ITEMS = {"eims": EIM, "results": RESULT, "notifications": NOTIFICATION, "profiles": PROFILE}


def check(state: State) -> None:
    """Raise ValueError if the parts of a state do not fit together."""
    if not (state.switches.standard_isdr_aid or state.switches.isdr_aids):
        raise ValueError("standardIsdrAid is off, and isdrAids has no other AID of the ISD-R")
    ids = [one.eim_id for one in state.eims]
    if len(set(ids)) != len(ids):
        raise ValueError("two eIMs have the same eimId")
    numbers = [one.seq_number for one in state.results]
    numbers += [one.seq_number for one in state.notifications]
    if len(set(numbers)) != len(numbers):
        raise ValueError("two results or notifications have the same seqNumber")
    if numbers and max(numbers) >= state.next_seq:
        raise ValueError(f"nextSeqNumber must be above {max(numbers)}, which is in use")
    tokens = [one.token for one in state.eims if one.token]
    if tokens and max(tokens) >= state.next_token:
        raise ValueError(f"nextAssociationToken must be above {max(tokens)}, which is in use")
    _check_profiles(state)


def protocol_name(bit: int) -> str:
    """The name of a bit of eimSupportedProtocol."""
    return PROTOCOLS[bit] if bit < len(PROTOCOLS) else f"bit {bit}"


def check_version(identity: Identity, state: State) -> None:
    """Raise MisfitError for what the card's version of SGP.32 has no room for."""
    if not VERSIONS[identity.sgp32_version].since("1.1"):
        return
    for number, one in enumerate(state.eims):
        if len(one.eim_id) > MAX_EIM_ID:
            misfit = MisfitError(
                f"an eimId has up to {MAX_EIM_ID} characters in SGP.32 v{identity.sgp32_version}, "
                f"not {len(one.eim_id)}"
            )
            misfit.steps += ["eims", number, "eimId"]
            raise misfit


def _check_profiles(state: State) -> None:
    iccids = {one.iccid for one in state.profiles}
    if len(iccids) != len(state.profiles):
        raise ValueError("two Profiles have the same iccid")
    if len({one.aid for one in state.profiles}) != len(iccids):
        raise ValueError("two Profiles have the same isdpAid")
    if sum(one.enabled for one in state.profiles) > 1:
        raise ValueError("more than one Profile is enabled")
    returns = state.returns
    named = [state.fallback_profile, returns.fallback, returns.emergency, returns.test]
    named.append(returns.rollback.iccid if returns.rollback else None)
    missing = next((one for one in named if one is not None and one not in iccids), None)
    if missing is not None:
        raise ValueError(f"there is no Profile {missing.hex().upper()} to go back to")
