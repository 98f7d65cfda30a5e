"""From the bytes of an ES10 request to the bytes of its answer (SGP.22 clause 5.7.2).

Finds the function by its tag, reads the request, calls the function, writes the answer. Knows
what none of the functions does.
"""

from __future__ import annotations

from apdu import SW, StatusError, TlvError
from apdu.tlv import Tlv, read_tag, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.es10.profiles.switching import make_notifications
from euicc_sim.es10.registry import FUNCTIONS, PIECES, Function, ResultError
from euicc_sim.es10.session import Session
from euicc_sim.formats.bpp import PACKAGE


def find(session: Session, request: bytes) -> tuple[Function, Tlv | None]:
    """The function that a request is for, and the request's outermost object.

    There is no such object for a function that takes pieces. Raises StatusError: 6A80 when the
    bytes are not one object, 6A88 when the card has no function of that tag, 6985 when the card
    was told to be difficult and this is the moment.
    """
    _check_willing(session)
    if session.volatile.loading is not None:
        return _more_or_another(session, request)
    try:
        tag, _ = read_tag(request)
        function = PIECES.get(tag) or _function(session, tag)
        if function is not None and function.pieces:
            return function, None
        item = whole(request)
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, f"the request is not one object: {error}") from error
    if function is None:
        raise StatusError(
            SW.REFERENCED_DATA_NOT_FOUND, f"this card has no ES10 function with tag {tag:X}"
        )
    return function, item


def _more_or_another(session: Session, request: bytes) -> tuple[Function, Tlv | None]:
    """While a Bound Profile Package comes in, which may be cut anywhere, only another function's
    whole request is not more of it."""
    package = FUNCTIONS[PACKAGE], None
    try:
        item = whole(request)
    except TlvError:
        return package
    function = _function(session, item.tag)
    return package if function is None else (function, item)


def _function(session: Session, tag: int) -> Function | None:
    function = FUNCTIONS.get(tag)
    return None if function is None or function.tag in session.wire.lacks else function


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


def interrupts(session: Session, function: Function) -> bool:
    """Whether a download that was under way cannot go on, now that this function is called."""
    if session.volatile.loading is None:
        return session.state.installation is not None
    return not function.pieces


def run(session: Session, function: Function, request: bytes, item: Tlv | None) -> bytes:
    """The answer of a function: its result, or its own error code.

    Raises StatusError 6A80 when the request cannot be read and the function has no code for that.
    """
    if function.request is None or item is None:
        answer: bytes = function.handler(session, request)
        make_notifications(session)
        return answer
    try:
        result = _call(session, function, request, item)
    except ResultError as error:
        session.refuse(f"{error.code}: {error.why}")
        if function.refuse is None:
            raise
        result = function.refuse(error.code)
    make_notifications(session)
    return session.wire.encode(function.response, result)


def _call(session: Session, function: Function, request: bytes, item: Tlv) -> object:
    try:
        value = session.wire.decode_at(str(function.request), request, item)
    except Asn1Error as error:
        if function.malformed is not None:
            raise function.malformed(session, str(error)) from error
        raise StatusError(SW.WRONG_DATA, f"{function.name}: {error}") from error
    with session.savepoint():
        return function.handler(session, value)
