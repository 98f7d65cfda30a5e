"""From the bytes of an ES10 request to the bytes of its answer (SGP.22 clause 5.7.2).

Finds the function by its tag, reads the request, calls the function, writes the answer. Knows
what none of the functions does.
"""

from __future__ import annotations

from apdu import SW, StatusError, TlvError
from apdu.tlv import Tlv, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.es10.registry import FUNCTIONS, Function, ResultError
from euicc_sim.session import Session


def find(session: Session, request: bytes) -> tuple[Function, Tlv]:
    """The function that a request is for, and the request's outermost object.

    Raises StatusError 6A80 when the bytes are not one object, 6A88 when the card has no function
    of that tag.
    """
    try:
        item = whole(request)
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, f"the request is not one object: {error}") from error
    function = FUNCTIONS.get(item.tag)
    if function is None or item.tag in session.wire.lacks:
        raise StatusError(
            SW.REFERENCED_DATA_NOT_FOUND, f"this card has no ES10 function with tag {item.tag:X}"
        )
    return function, item


def run(session: Session, function: Function, request: bytes, item: Tlv) -> bytes:
    """The answer of a function: its result, or its own error code.

    Raises StatusError 6A80 when the request cannot be read and the function has no code for that.
    """
    if function.request is None:
        answer: bytes = function.handler(session, request)
        return answer
    try:
        result = _call(session, function, request, item)
    except ResultError as error:
        session.refuse(f"{error.code}: {error.why}")
        if function.refuse is None:
            raise
        result = function.refuse(error.code)
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
