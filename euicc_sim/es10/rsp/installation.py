"""LoadBoundProfilePackage: from the secure channel to an installed Profile.

SGP.22 v2.5 clauses 2.5.3 to 2.5.6, 3.1.3.3 and 5.7.6. A package may be cut anywhere. Once the
secure channel is open, the card stores its progress, so that however the download ends, exactly
its result remains.
"""

from __future__ import annotations

from apdu import SW, StatusError, TlvError
from apdu.tlv import read_tag
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResult, ReplaceSessionKeysRequest
from euicc_sim.crypto.bsp import Bsp, BspSecurityError, BspStructureError
from euicc_sim.es10.profiles.switching import tell
from euicc_sim.es10.registry import Pieces, es10_as_received, read_part
from euicc_sim.es10.rsp.metadata import (
    INCORRECT,
    STRUCTURE,
    check_memory,
    check_metadata,
    object_of,
    read_isdp,
    read_metadata,
)
from euicc_sim.es10.rsp.results import LoadError, failed, interrupt, succeeded
from euicc_sim.es10.rsp.secure_channel import initialise
from euicc_sim.es10.session import IPAE, Session, SessionKeys
from euicc_sim.formats import saip
from euicc_sim.formats.bpp import (
    CONFIGURE_ISDP,
    CONTINUING,
    INITIALISE_SECURE_CHANNEL,
    PACKAGE,
    PROFILE_ELEMENTS,
    REPLACE_SESSION_KEYS,
    SEGMENTS,
    STORE_METADATA,
    BppError,
    BppStream,
    Part,
)
from euicc_sim.model.profile import BppCommand, Installation, Profile, ProfileEvent, memory_for
from euicc_sim.model.replacing import replace
from euicc_sim.model.volatile import Download, Installed, Loading, RspSession
from euicc_sim.readings import PROFILE_SECURITY_LEVEL_TAG

REPLACE_SESSION_KEYS_REQUEST = 0xBF26
_SHOWN = 8
"""So many bytes of a field are shown."""
STEPS = {
    INITIALISE_SECURE_CHANNEL: BppCommand.INITIALISE_SECURE_CHANNEL,
    CONFIGURE_ISDP: BppCommand.CONFIGURE_ISDP,
    STORE_METADATA: BppCommand.STORE_METADATA,
    REPLACE_SESSION_KEYS: BppCommand.REPLACE_SESSION_KEYS,
    PROFILE_ELEMENTS: BppCommand.LOAD_PROFILE_ELEMENTS,
}


def _awaits_more(session: Session) -> bool:
    loading = session.volatile.loading
    return loading is not None and loading.channel == session.channel


def _is_elsewhere(session: Session) -> bool:
    return session.volatile.loading is not None and not _awaits_more(session)


def _where(channel: int) -> str:
    return "by the card's IPAe" if channel == IPAE else f"on channel {channel}"


def _is_unfinished(session: Session) -> bool:
    return session.volatile.loading is not None or session.state.installation is not None


@es10_as_received(
    PACKAGE,
    "LoadBoundProfilePackage",
    ProfileInstallationResult,
    clause="SGP.22 5.7.6",
    pieces=Pieces(CONTINUING | {PACKAGE}, _awaits_more, _is_elsewhere, _is_unfinished, interrupt),
)
def load_bound_profile_package(session: Session, request: bytes) -> bytes:
    """LoadBoundProfilePackage, SGP.22 v2.5 clause 5.7.6: any piece of the package.

    The response is empty until the last piece, or the first error, gives the result. Raises
    StatusError 6985 for a piece that no download expects.
    """
    current, download, loading = _under_way(session, request)
    try:
        return _take(session, current, download, loading, request)
    except LoadError as error:
        marker = session.state.installation or _marker(current)
        session.volatile = session.volatile.loaded()
        return failed(session, marker, error)


def _under_way(session: Session, request: bytes) -> tuple[RspSession, Download, Loading]:
    """The download of the piece, with copies of its stream and keys that may be changed."""
    volatile = session.volatile
    current = volatile.session
    if current is None or current.download is None:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, "no download is prepared; call PrepareDownload first"
        )
    loading = volatile.loading
    if loading is None:
        _check_beginning(request)
        return current, current.download, Loading(BppStream(), channel=session.channel)
    if _is_elsewhere(session):
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            f"a package is being loaded {_where(loading.channel)}, which continues there",
        )
    forked = replace(
        loading, stream=loading.stream.fork(), keys=loading.keys and loading.keys.fork()
    )
    return current, current.download, forked


def _check_beginning(request: bytes) -> None:
    try:
        tag, _ = read_tag(request)
    except TlvError:
        tag = 0
    if tag != PACKAGE:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            f"{tag:X} does not begin a package, and none is being loaded",
        )


def _marker(current: RspSession) -> Installation:
    return Installation(
        transaction_id=current.transaction_id,
        address=current.server_address,
        smdp_oid=current.server_oid,
        ci_pk_id=current.ci_pk_id,
        step=BppCommand.INITIALISE_SECURE_CHANNEL,
    )


def _take(
    session: Session, current: RspSession, download: Download, loading: Loading, request: bytes
) -> bytes:
    stream = loading.stream
    try:
        for part in stream.feed(request):
            if part.tag == INITIALISE_SECURE_CHANNEL:
                keys = initialise(session, current, download, part.data)
                _tell_keys(session, current, keys)
                loading = replace(loading, keys=keys)
                session.state = replace(session.state, installation=_marker(current))
            elif part.tag in SEGMENTS:
                _advance(session, STEPS[part.tag])
                loading = replace(loading, content=())
            else:
                loading = _segment(session, current, loading, part)
    except BppError as error:
        raise _unreadable(error) from error
    if stream.complete:
        return _install(session, current, loading)
    session.volatile = replace(session.volatile, loading=loading)
    session.note(f"{_step(stream.section).name.lower()}, byte {stream.position}", goes_on=True)
    return b""


def _step(section: int) -> BppCommand:
    """The step of a section; anything before BF23 belongs to that step."""
    return STEPS.get(section, BppCommand.INITIALISE_SECURE_CHANNEL)


def _unreadable(error: BppError) -> LoadError:
    step = _step(error.section)
    if error.section == INITIALISE_SECURE_CHANNEL:  # BF23 is complete, so A0 is the next
        step = BppCommand.CONFIGURE_ISDP
    channel = step is BppCommand.INITIALISE_SECURE_CHANNEL
    return LoadError(step, INCORRECT if channel else STRUCTURE, str(error))


def _advance(session: Session, step: BppCommand, iccid: bytes | None = None) -> None:
    marker = session.state.installation
    if marker is not None:
        marker = replace(marker, step=step, iccid=iccid or marker.iccid)
        session.state = replace(session.state, installation=marker)


def _segment(session: Session, current: RspSession, loading: Loading, part: Part) -> Loading:
    """Remove the protection from a segment, and process its sequence once it is complete."""
    step = STEPS[part.section]
    if loading.keys is None:
        raise LoadError(step, "scp03tSecurityError", "no session keys have been agreed on")
    try:
        plain = loading.keys.unprotect(part.data)
    except BspStructureError as error:
        raise LoadError(step, STRUCTURE, str(error)) from error
    except BspSecurityError as error:
        raise LoadError(step, "scp03tSecurityError", str(error)) from error
    loading = replace(loading, content=(*loading.content, plain))
    if part.section == PROFILE_ELEMENTS:
        size = sum(map(len, loading.content))
        icon = loading.profile.icon if loading.profile else None
        check_memory(session, step, memory_for(size, len(icon or b"")))
        _check_accepted(session, loading.content)
        return loading
    if not loading.stream.section_complete:
        return loading
    content = b"".join(loading.content)
    if part.section == CONFIGURE_ISDP:
        return replace(loading, dp_oid=read_isdp(session, content))
    if part.section == STORE_METADATA:
        profile = read_metadata(session, content, current.ci_pk_id, loading.dp_oid)
        _advance(session, step, profile.iccid)
        check_metadata(session, profile, current.server_address)
        return replace(loading, profile=profile)
    keys = _replaced(session, content)
    _tell_keys(session, current, keys, replaced=True)
    return replace(loading, keys=keys)


def _check_accepted(session: Session, content: tuple[bytes, ...]) -> None:
    """Refuse the elements that a switch names, as soon as they have arrived. Raises LoadError."""
    refused = {one.element: one.status for one in session.state.switches.refused_elements}
    if not refused:
        return
    try:
        saip.check_accepted(b"".join(content), refused)
    except saip.PackageError as error:
        raise _not_processed(error) from error


def _not_processed(error: saip.PackageError) -> LoadError:
    return LoadError(
        BppCommand.LOAD_PROFILE_ELEMENTS,
        "installFailedDueToPEProcessingError",
        str(error),
        saip.response(error.status, error.identification, aborted=True),
    )


def _tell_keys(session: Session, current: RspSession, keys: Bsp, *, replaced: bool = False) -> None:
    if session.on_keys is not None:
        session.on_keys(
            SessionKeys(current.transaction_id, keys.s_enc, keys.s_mac, keys.chaining, replaced)
        )


def _replaced(session: Session, content: bytes) -> Bsp:
    """The keys of ReplaceSessionKeys, clause 5.5.4; the counter is reset."""
    step = BppCommand.REPLACE_SESSION_KEYS
    object_of(content, REPLACE_SESSION_KEYS_REQUEST, step)
    try:
        keys = read_part(
            session,
            PACKAGE,
            ReplaceSessionKeysRequest,
            content,
            "replaceSessionKeysRequest",
            from_server=True,
        )
        return Bsp(keys["initialMacChainingValue"], keys["ppkEnc"], keys["ppkCmac"])
    except (Asn1Error, BspStructureError) as error:
        raise LoadError(step, INCORRECT, str(error)) from error


def _install(session: Session, current: RspSession, loading: Loading) -> bytes:
    """Read the package and add the Profile, disabled."""
    marker = session.state.installation or _marker(current)
    profile = _complete(session, loading)
    session.state = session.state.with_profile(profile)
    session.volatile = session.volatile.without_one_time_key(current.server_oid).loaded(
        Installed(profile.iccid, current.server_oid, current.server_address)
    )
    tell(session, profile, ProfileEvent.INSTALL, not_to=current.server_address)
    return succeeded(session, marker, profile, saip.response())


def _complete(session: Session, loading: Loading) -> Profile:
    step = BppCommand.LOAD_PROFILE_ELEMENTS
    profile, package = loading.profile, b"".join(loading.content)
    if profile is None:
        raise LoadError(step, STRUCTURE, "the package has no metadata")
    try:
        facts = saip.examine(package)
        saip.contents_of(package)  # refuses what contradicts itself; made again when it is used
    except saip.PackageError as error:
        raise _not_processed(error) from error
    if facts.iccid != profile.iccid:
        raise LoadError(
            step,
            "installFailedDueToDataMismatch",
            f"the package is for ICCID {iccid_digits(facts.iccid)}, "
            f"its metadata for {iccid_digits(profile.iccid)}",
        )
    _check_security_level(session, facts)
    if facts.applications:
        what = "application is" if facts.applications == 1 else "applications are"
        session.note(f"{facts.applications} {what} kept and not run: this card has no runtime")
    return replace(profile, package=package, connectivity=facts.connectivity)


def _check_security_level(session: Session, facts: saip.Facts) -> None:
    """Refuse a package that asks for more than the card's level, if the card has one."""
    asked = facts.fields.get(PROFILE_SECURITY_LEVEL_TAG)
    if asked is None or not session.identity.sgp22.checks_security_level:
        return
    level = session.identity.security_level
    if int.from_bytes(asked) > int.from_bytes(level):
        raise LoadError(
            BppCommand.LOAD_PROFILE_ELEMENTS,
            "installFailedDueToInsufficientMinimumSecurityLevel",
            f"the package asks for security level {asked[:_SHOWN].hex().upper()}, "
            f"the card's is {level.hex().upper()}",
        )
