"""From the bytes of an ES10 request to the bytes of its answer (SGP.22 clause 5.7.2).

Finds the function by its tag, reads the request, calls the function, writes the answer. Knows no
particular function.
"""

from __future__ import annotations

from apdu import SW, StatusError, TlvError
from apdu.tlv import Tlv, read, read_tag, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.deviations import Deviation, Form
from euicc_sim.es10.registry import AFTERWARDS, FUNCTIONS, IN_PIECES, Function, judge
from euicc_sim.es10.session import IPAE, Session


def execute(session: Session, request: bytes) -> bytes:
    """The answer to one ES10 request: a function's result, or its own error code.

    The changes are in the session's drafts, the outcome is in its events. Raises StatusError, after
    which only settled changes remain: 6A80 if the bytes are not a single object, or are malformed
    and the function has no code for that; 6A88 if the card has no function with that tag; 6985 if a
    switch makes the card refuse at this point; and whatever a function raises.
    """
    _check_willing(session)
    function, item = _find(session, request)
    _check_profile(session, function)
    _end_what_was_begun(session, function)
    session.function = function.name
    if item is not None:
        request = _alone(session, function, request, item)
    answer = function.answer(session, request, item)
    _finish(session)
    session.report()
    return answer


def interrupt(session: Session) -> None:
    """End every unfinished request that cannot continue."""
    for function, pieces in IN_PIECES:
        if pieces.unfinished(session):
            session.function = function.name
            pieces.end(session)
            if session.notes:
                session.report()


def _find(session: Session, request: bytes) -> tuple[Function, Tlv | None]:
    """The function of a request, and the request's outermost object.

    The object is None for a function that takes its request in pieces.
    """
    for function, pieces in IN_PIECES:
        if pieces.awaited(session):
            return _more_or_another(session, function, request)
    try:
        tag, _ = read_tag(request)
        for function, pieces in IN_PIECES:
            if tag in pieces.tags:
                return function, None
        found = _function(session, tag)
        item = whole(request) if found is None else read(request)
    except TlvError as error:
        why = f"the request is not a single TLV object: {error}"
        raise StatusError(SW.WRONG_DATA, why) from error
    if found is None:
        raise StatusError(
            SW.REFERENCED_DATA_NOT_FOUND, f"this card has no ES10 function with the tag {tag:X}"
        )
    return found, item


def _alone(session: Session, function: Function, request: bytes, item: Tlv) -> bytes:
    """The request without what follows it, which must be nothing on most cards."""
    if item.end == len(request):
        return request
    more = Deviation(Form.MORE, f"is followed by {len(request) - item.end} bytes")
    try:
        judge(session, function.tag, [more])
    except Asn1Error as error:
        raise StatusError(SW.WRONG_DATA, str(error)) from error
    return request[: item.end]


def _more_or_another(
    session: Session, awaiting: Function, request: bytes
) -> tuple[Function, Tlv | None]:
    """While pieces are awaited, which may be cut anywhere, a request is the next piece unless it is
    a complete request for another function."""
    try:
        item = whole(request)
    except TlvError:
        return awaiting, None
    function = _function(session, item.tag)
    return (awaiting, None) if function is None else (function, item)


def _function(session: Session, tag: int) -> Function | None:
    function = FUNCTIONS.get(tag)
    return None if function is None or session.wire not in function.wires else function


def _check_willing(session: Session) -> None:
    switches, volatile = session.state.switches, session.volatile
    of_ipad = session.channel != IPAE
    if of_ipad and switches.ipad_required and not volatile.ipad_declared:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "no TERMINAL CAPABILITY has declared an IPAd (card set --no-ipad-required)",
        )
    if volatile.toolkit.refreshing:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "the enabled Profile has changed, and REFRESH asks for a reset",
            "FETCH it, then reset the card (card set --no-toolkit switches at once)",
        )
    if switches.reset_after_switch and volatile.switched:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "the enabled Profile has changed, reset the card first (card set "
            "--no-reset-after-switch)",
        )


def _check_profile(session: Session, function: Function) -> None:
    state = session.state
    needs = state.switches.profile_required and state.profiles and state.enabled is None
    if needs and not function.enables:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            f"no Profile is enabled, and {function.name} does not enable one (card set "
            "--no-profile-required)",
        )


def _end_what_was_begun(session: Session, function: Function) -> None:
    """End unfinished requests that this call interrupts, even if the function is refused."""
    for one, pieces in IN_PIECES:
        goes_on = one is function and (pieces.awaited(session) or pieces.elsewhere(session))
        if pieces.unfinished(session) and not goes_on:
            interrupt(session)
            session.settle()
            return


def _finish(session: Session) -> None:
    for do in AFTERWARDS:
        do(session)
