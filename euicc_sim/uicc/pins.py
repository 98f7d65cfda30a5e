"""PINs: verifying, changing, switching on and off, unblocking.

ETSI TS 102 221 clauses 9.5 and 11.1.9 to 11.1.13. A PIN has 8 bytes, padded with FF.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest

from apdu import SW, Command, Response, StatusError
from euicc_sim.formats.saip import Pin
from euicc_sim.model.sim import PinState
from euicc_sim.uicc.sim import PIN1, UNIVERSAL_PIN, Sim, pin_name
from euicc_sim.uicc.view import View

SIZE = 8
_TRIES = 0x63C0
_BY_UNIVERSAL_PIN = 0x80


def verify(view: View, command: Command) -> Response:
    """VERIFY PIN, 11.1.9; without data it says how many tries are left."""
    _check_p1(command)
    if not command.data:
        _, _, state = _usable(view, command)
        return Response(sw=_TRIES | state.left)
    slot, pin, state = _usable(view, command, SIZE, "a PIN")
    _check_enabled(pin, state)
    _present(view.sim, slot, command.data)
    return Response()


def change(view: View, command: Command) -> Response:
    """CHANGE PIN, 11.1.10: the old one, then the new one."""
    _check_p1(command)
    slot, pin, state = _usable(view, command, 2 * SIZE, "the old PIN and the new one")
    _check_enabled(pin, state)
    if not pin.may_change:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, f"the Profile does not let {_name(pin)} be changed"
        )
    new = command.data[SIZE:]
    _present(view.sim, slot, command.data[:SIZE], lambda now: replace(now, value=new))
    return Response()


def disable(view: View, command: Command) -> Response:
    """DISABLE PIN, 11.1.11; with P1 80 the universal PIN stands for it."""
    universal = command.p1 == _BY_UNIVERSAL_PIN
    if not universal:
        _check_p1(command)
    slot, pin, state = _usable(view, command, SIZE, "a PIN")
    if not state.enabled:
        raise StatusError(SW.REFERENCED_DATA_INVALIDATED, f"{_name(pin)} is disabled already")
    if not pin.may_disable:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, f"the Profile does not let {_name(pin)} be disabled"
        )
    if universal and (
        pin.reference == UNIVERSAL_PIN or view.sim.slot(view.directory, UNIVERSAL_PIN) is None
    ):
        raise StatusError(SW.WRONG_P1P2, f"there is no universal PIN to replace {_name(pin)}")
    _present(
        view.sim, slot, command.data, lambda now: replace(now, enabled=False, replaced=universal)
    )
    view.sim.set_verified(slot, False)
    return Response()


def enable(view: View, command: Command) -> Response:
    """ENABLE PIN, 11.1.12."""
    _check_p1(command)
    slot, pin, state = _usable(view, command, SIZE, "a PIN")
    if state.enabled:
        raise StatusError(SW.REFERENCED_DATA_INVALIDATED, f"{_name(pin)} is enabled already")
    if not pin.may_disable:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, f"the Profile does not let {_name(pin)} be enabled"
        )
    _present(view.sim, slot, command.data, lambda now: replace(now, enabled=True, replaced=False))
    return Response()


def unblock(view: View, command: Command) -> Response:
    """UNBLOCK PIN, 11.1.13: the PUK, then a new PIN; without data the tries left for the PUK."""
    _check_p1(command)
    slot = _slot(view, command)
    pin, state = view.sim.pin(slot)
    puk = view.sim.tree.contents.puks.get(pin.puk or 0)
    if puk is None:
        raise StatusError(SW.REFERENCED_DATA_NOT_FOUND, f"{_name(pin)} has no PUK")
    reference = bytes((puk.reference,))
    left = view.sim.state.puks.get(reference, puk.left)
    if command.data:
        _check_size(command, 2 * SIZE, "the PUK and the new PIN")
    if not left:
        raise StatusError(SW.AUTHENTICATION_BLOCKED, f"the PUK of {_name(pin)} is blocked for ever")
    if not command.data:
        return Response(sw=_TRIES | left)
    given, new = command.data[:SIZE], command.data[SIZE:]
    if not compare_digest(given, puk.value):
        view.sim.change(view.sim.state.with_puk(reference, left - 1))
        raise StatusError(
            _TRIES | left - 1, f"this is not the PUK of {_name(pin)}: {_tries(left - 1)}"
        )
    unblocked = replace(state, value=new, left=pin.tries, enabled=True, replaced=False)
    changed = view.sim.state.with_pin(slot, unblocked)
    view.sim.change(changed.with_puk(reference, puk.tries))
    view.sim.set_verified(slot, True)
    return Response()


def _present(
    sim: Sim,
    slot: bytes,
    value: bytes,
    then: Callable[[PinState], PinState] = lambda now: now,
) -> None:
    """Compare a value with a PIN, count, and change it if it is right. Raises StatusError 63CX."""
    pin, state = sim.pin(slot)
    if not compare_digest(value, state.value):
        left = state.left - 1
        sim.change(sim.state.with_pin(slot, replace(state, left=left)))
        sim.set_verified(slot, False)
        raise StatusError(_TRIES | left, f"this is not {_name(pin)}: {_tries(left)}")
    now = then(replace(state, left=pin.tries))
    if now != state:
        sim.change(sim.state.with_pin(slot, now))
    sim.set_verified(slot, True)


def _usable(
    view: View, command: Command, size: int = 0, what: str = "nothing"
) -> tuple[bytes, Pin, PinState]:
    """The PIN that a command with so much data names, if it is not blocked."""
    slot = _slot(view, command)
    pin, state = view.sim.pin(slot)
    _check_size(command, size, what)
    _check_tries(pin, state)
    return slot, pin, state


def _check_enabled(pin: Pin, state: PinState) -> None:
    if not state.enabled:
        raise StatusError(SW.REFERENCED_DATA_INVALIDATED, f"{_name(pin)} is disabled")


def _slot(view: View, command: Command) -> bytes:
    slot = view.sim.slot(view.directory, command.p2)
    if slot is None:
        raise StatusError(
            SW.REFERENCED_DATA_NOT_FOUND,
            f"{view.where} has no PIN or key with reference {command.p2:02X}",
        )
    return slot


def _check_p1(command: Command) -> None:
    if command.p1:
        raise StatusError(SW.WRONG_P1P2, f"P1 is 00, not {command.p1:02X}")


def _check_size(command: Command, size: int, what: str) -> None:
    if len(command.data) != size:
        raise StatusError(
            SW.WRONG_LENGTH, f"{what}: {size} bytes padded with FF, not {len(command.data)}"
        )


def _check_tries(pin: Pin, state: PinState) -> None:
    if not state.left:
        how = "" if pin.puk is None else f": UNBLOCK PIN 002C00{pin.reference:02X} with the PUK"
        raise StatusError(SW.AUTHENTICATION_BLOCKED, f"{_name(pin)} is blocked{how}")


def _name(pin: Pin) -> str:
    return "PIN1" if pin.reference == PIN1 else pin_name(pin.reference)


def _tries(left: int) -> str:
    return "it is blocked now" if not left else f"{left} {'try' if left == 1 else 'tries'} left"


COMMANDS: dict[int, Callable[[View, Command], Response]] = {
    0x20: verify,
    0x24: change,
    0x26: disable,
    0x28: enable,
    0x2C: unblock,
}
