"""From the bytes of an ES10 request to the bytes of its answer (SGP.22 clause 5.7.2).

Finds the function by its tag, reads the request, calls the function, writes the answer. Knows
what none of the functions does.
"""

from __future__ import annotations

from apdu import SW, StatusError, TlvError
from apdu.tlv import Tlv, read_tag, whole
from euicc_sim.es10.registry import AFTERWARDS, FUNCTIONS, IN_PIECES, Function
from euicc_sim.es10.session import Session


def execute(session: Session, request: bytes) -> bytes:
    """The answer to one ES10 request: a function's result, or its own error code.

    What the function did is in the session's drafts, and what it came to in its events. Raises
    StatusError, after which only what the session has settled stands: 6A80 when the bytes are not
    one object or cannot be read and the function has no code for that, 6A88 when the card has no
    function of that tag, 6985 when the card was told to be difficult and this is the moment, and
    what a function raises.
    """
    _check_willing(session)
    function, item = _find(session, request)
    _end_what_was_begun(session, function)
    session.function = function.name
    answer = function.answer(session, request, item)
    _finish(session)
    session.report()
    return answer


def interrupt(session: Session) -> None:
    """End every request that has come in part and is not going on."""
    for function, pieces in IN_PIECES:
        if pieces.unfinished(session):
            session.function = function.name
            pieces.end(session)
            if session.notes:
                session.report()


def _find(session: Session, request: bytes) -> tuple[Function, Tlv | None]:
    """The function that a request is for, and the request's outermost object.

    There is no such object for a function that takes pieces.
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
        item = whole(request)
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, f"the request is not one object: {error}") from error
    if found is None:
        raise StatusError(
            SW.REFERENCED_DATA_NOT_FOUND, f"this card has no ES10 function with tag {tag:X}"
        )
    return found, item


def _more_or_another(
    session: Session, awaiting: Function, request: bytes
) -> tuple[Function, Tlv | None]:
    """While pieces come in, which may be cut anywhere, only another function's whole request is
    not one of them."""
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
    if switches.ipad_required and not volatile.ipad_declared:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "TERMINAL CAPABILITY has not declared an IPAd (card set --no-ipad-required)",
        )
    if switches.reset_after_switch and volatile.switched:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED,
            "the enabled Profile has changed, reset first (card set --no-reset-after-switch)",
        )


def _end_what_was_begun(session: Session, function: Function) -> None:
    """End what cannot go on now that this function is called. That stands whatever comes of it."""
    for one, pieces in IN_PIECES:
        if pieces.unfinished(session) and not (one is function and pieces.awaited(session)):
            interrupt(session)
            session.settle()
            return


def _finish(session: Session) -> None:
    for do in AFTERWARDS:
        do(session)
