"""Operations of a package in words: `enable:ICCID,rollback`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from apdu.words import nearest
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.eim_file import load
from euicc_sim.parties.eim.operations import Kind, Operation
from euicc_sim.parties.messages.errors import EimError

Loader = Callable[[str], Eim]
"""Returns the eIM of the FILE that a word names. Raises EimError."""

SYNTAX = """\
addEim:FILE[,token][,no-token][,counter=N]
updateEim:FILE[,key][,counter][,fqdn][,type][,protocols][,ci]
deleteEim:ID
listEim

enable:ICCID[,rollback]
disable:ICCID
delete:ICCID
listProfileInfo[:TAGS]
getRAT
configureImmediateEnable[:off][,oid=OID][,smdp=ADDRESS]
setFallbackAttribute:ICCID
unsetFallbackAttribute
setDefaultDpAddress:[ADDRESS]

eco:HEX
psmo:HEX"""

_FIELDS = {
    "key": "eimPublicKeyData",
    "counter": "counterValue",
    "fqdn": "eimFqdn",
    "type": "eimIdType",
    "protocols": "eimSupportedProtocol",
    "ci": "euiccCiPKId",
}


_COUNTER = re.compile(r"-?[0-9]{1,20}")


def _from_file(name: str) -> Eim:
    return load(Path(name))


def operation(word: str, eim_of: Loader = _from_file, wire: Wire = WIRE_1_2) -> Operation:
    """The operation of a word. Raises EimError with what to write instead."""
    name, colon, rest = word.partition(":")
    known = (*_OF_EIMS, *_WORDS)
    if name not in known:
        near = nearest(name, known)
        hint = f"Did you mean {_usage(near[0])}?" if near else "One of: " + ", ".join(known) + "."
        raise EimError(f"{name!r} is not an operation. {hint}")
    if name in _BARE and colon:
        raise EimError(f"{name} stands alone. Write it without {colon + rest!r}.")
    if name not in _BARE | _WITH_OR_WITHOUT and not rest and word != "setDefaultDpAddress:":
        raise EimError(f"{name} is incomplete. Write {_usage(name)}.")
    return _OF_EIMS[name](rest, eim_of, wire) if name in _OF_EIMS else _WORDS[name](rest, wire)


def _usage(name: str) -> str:
    lines = SYNTAX.splitlines()
    return next(one for one in lines if one.partition(":")[0].partition("[")[0] == name)


def _options(name: str, words: list[str], flags: set[str], values: set[str]) -> dict[str, str]:
    """Options such as `rollback` or `counter=5`, as name and value."""
    found = {}
    for word in words:
        option, equals, value = word.partition("=")
        if option not in (values if equals else flags):
            raise EimError(f"{name} has no option {word!r}. Write {_usage(name)}.")
        found[option] = value
    return found


def _add_eim(rest: str, eim_of: Loader, wire: Wire) -> Operation:
    file, *words = rest.split(",")
    options = _options("addEim", words, {"token", "no-token"}, {"counter"})
    if {"token", "no-token"} <= options.keys():
        raise EimError("addEim asks for a token or not. Write one of token and no-token.")
    counter = options.get("counter")
    if counter is not None and not _COUNTER.fullmatch(counter):
        raise EimError(f"{counter[:40]!r} is not a counter. Write a number, such as counter=0.")
    eim = eim_of(file)
    want_token = "token" in options or (eim.wants_token and "no-token" not in options)
    config = eim.configuration(
        want_token=want_token, counter=None if counter is None else int(counter)
    )
    return operations.add_eim(config, wire=wire)


def _update_eim(rest: str, eim_of: Loader, wire: Wire) -> Operation:
    file, *words = rest.split(",")
    options = _options("updateEim", words, set(_FIELDS), set())
    config = eim_of(file).configuration(*(_FIELDS[one] for one in options))
    return operations.update_eim(config, wire=wire)


def _enable(rest: str, wire: Wire) -> Operation:
    iccid, *words = rest.split(",")
    rollback = "rollback" in _options("enable", words, {"rollback"}, set())
    return operations.enable(iccid, rollback=rollback, wire=wire)


def _immediate_enable(rest: str, wire: Wire) -> Operation:
    words = rest.split(",") if rest else []
    options = _options("configureImmediateEnable", words, {"off"}, {"oid", "smdp"})
    return operations.configure_immediate_enable(
        "off" not in options,
        smdp_oid=options.get("oid"),
        smdp_address=options.get("smdp"),
        wire=wire,
    )


def _list_profile_info(rest: str, wire: Wire) -> Operation:
    return operations.list_profile_info(_hex(rest) if rest else None, wire=wire)


def _raw(kind: Kind) -> Callable[[str, Wire], Operation]:
    return lambda rest, _: Operation(kind, kind.lower(), _hex(rest))


def _hex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise EimError(f"{digits[:40]!r} is not hex. Write pairs of hex digits.") from error


_OF_EIMS = {"addEim": _add_eim, "updateEim": _update_eim}
_WORDS: dict[str, Callable[[str, Wire], Operation]] = {
    "deleteEim": lambda eim_id, wire: operations.delete_eim(eim_id, wire=wire),
    "listEim": lambda _, wire: operations.list_eim(wire=wire),
    "enable": _enable,
    "disable": lambda iccid, wire: operations.disable(iccid, wire=wire),
    "delete": lambda iccid, wire: operations.delete(iccid, wire=wire),
    "listProfileInfo": _list_profile_info,
    "getRAT": lambda _, wire: operations.get_rat(wire=wire),
    "configureImmediateEnable": _immediate_enable,
    "setFallbackAttribute": lambda iccid, wire: operations.set_fallback_attribute(iccid, wire=wire),
    "unsetFallbackAttribute": lambda _, wire: operations.unset_fallback_attribute(wire=wire),
    "setDefaultDpAddress": lambda name, wire: operations.set_default_dp_address(name, wire=wire),
    "eco": _raw("Eco"),
    "psmo": _raw("Psmo"),
}
_BARE = {"listEim", "getRAT", "unsetFallbackAttribute"}
_WITH_OR_WITHOUT = {"listProfileInfo", "configureImmediateEnable"}
