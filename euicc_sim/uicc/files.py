"""Commands on elementary files: reading, writing, searching, increasing, switching off.

ETSI TS 102 221 clauses 11.1.3 to 11.1.8, 11.1.14, 11.1.15 and 11.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from apdu import SW, Command, Response, StatusError, TlvError
from apdu.command import SHORT_NE_MAX
from apdu.tlv import children, read, read_tag, tag_bytes, tlv, whole
from euicc_sim.formats.saip import File, Kind
from euicc_sim.uicc.rules import Mode
from euicc_sim.uicc.view import View

NEXT, PREVIOUS, ABSOLUTE = 0x02, 0x03, 0x04
FORWARD, BACKWARD, ENHANCED = 0x04, 0x05, 0x06
FIRST_BLOCK, NEXT_BLOCK = 0x80, 0x00
LIST_OF_TAGS = 0x5C
BLOCK = 0xFF
USABLE_WHILE_DEACTIVATED = 0x40
MAX_INCREASE = 0x7F

_BY_SFI = 0x80


def read_binary(view: View, command: Command) -> Response:
    """READ BINARY, 11.1.3."""
    file, offset = _transparent(view, command)
    _allow(view, file, Mode.READ, command.ins)
    content = view.sim.content(file)
    left = len(content) - offset
    if left <= 0:
        raise StatusError(
            SW.WRONG_OFFSET, f"{file.label} has {len(content)} bytes, none of them at {offset}"
        )
    wanted = command.ne or SHORT_NE_MAX
    if left < wanted < SHORT_NE_MAX:
        raise StatusError(0x6C00 | left, f"Le asks for {wanted} bytes, {left} are left")
    return Response(content[offset : offset + wanted])


def update_binary(view: View, command: Command) -> Response:
    """UPDATE BINARY, 11.1.4."""
    file, offset = _transparent(view, command)
    _allow(view, file, Mode.UPDATE, command.ins)
    content, data = view.sim.content(file), command.data
    if not data:
        raise StatusError(SW.WRONG_LENGTH, "there is no data to write")
    if offset >= len(content):
        raise StatusError(
            SW.WRONG_OFFSET, f"{file.label} has {len(content)} bytes, none of them at {offset}"
        )
    if offset + len(data) > len(content):
        raise StatusError(
            SW.WRONG_LENGTH,
            f"{file.label} has {len(content)} bytes, {len(data)} do not fit at {offset}",
        )
    view.sim.write(file, content[:offset] + data + content[offset + len(data) :])
    return Response()


def read_record(view: View, command: Command) -> Response:
    """READ RECORD, 11.1.5."""
    file = _with_records(view, command.p2 >> 3)
    _allow(view, file, Mode.READ, command.ins)
    records = _records(view, file)
    number = _record_number(view, file, command, len(records))
    record = records[number - 1]
    wanted = command.ne or SHORT_NE_MAX
    if wanted < SHORT_NE_MAX and wanted != len(record):
        raise StatusError(
            0x6C00 | len(record), f"Le asks for {wanted} bytes, a record has {len(record)}"
        )
    _move(view, command, number)
    return Response(record)


def update_record(view: View, command: Command) -> Response:
    """UPDATE RECORD, 11.1.6; in a cyclic file the oldest becomes the first."""
    file = _with_records(view, command.p2 >> 3)
    _allow(view, file, Mode.UPDATE, command.ins)
    records = _records(view, file)
    is_cyclic = view.sim.tree.contents.body(file).kind is Kind.CYCLIC
    mode = command.p2 & 0x07
    if is_cyclic and (mode, command.p1) != (PREVIOUS, 0):
        raise StatusError(
            SW.WRONG_P1P2, f"{file.label} is cyclic: P1 P2 of UPDATE RECORD are 00 and previous, 03"
        )
    number = len(records) if is_cyclic else _record_number(view, file, command, len(records))
    if len(command.data) != len(records[0]):
        raise StatusError(
            SW.WRONG_LENGTH,
            f"a record of {file.label} has {len(records[0])} bytes, not {len(command.data)}",
        )
    if is_cyclic:
        records = [command.data, *records[:-1]]
        view.sim.write(file, b"".join(records))
        view.record = 1
    else:
        records[number - 1] = command.data
        view.sim.write(file, b"".join(records))
        _move(view, command, number)
    return Response()


def search_record(view: View, command: Command) -> Response:
    """SEARCH RECORD, 11.1.7: the numbers of the records that have the pattern."""
    file = _with_records(view, command.p2 >> 3)
    _allow(view, file, Mode.READ, command.ins)
    records = _records(view, file)
    mode, data = command.p2 & 0x07, command.data
    offset, after = 0, None
    if mode == ENHANCED:
        if len(data) < 3:
            raise StatusError(SW.WRONG_LENGTH, "an enhanced search has two bytes and a pattern")
        if data[0] & 0xF7 not in (0x04, 0x05, 0x06, 0x07):
            raise StatusError(SW.WRONG_DATA, f"{data[0]:02X} is not a search indication")
        if data[0] & 0x08:
            after = data[1:2]
        else:
            offset = data[1]
        is_relative, backward, pattern = bool(data[0] & 0x02), bool(data[0] & 0x01), data[2:]
    elif mode in (FORWARD, BACKWARD):
        is_relative, backward, pattern = False, mode == BACKWARD, data
    else:
        raise StatusError(SW.WRONG_P1P2, f"SEARCH RECORD with P2 {command.p2:02X} is not supported")
    if not 0 < len(pattern) <= len(records[0]):
        raise StatusError(SW.WRONG_LENGTH, f"the pattern has {len(pattern)} bytes")
    last = len(records)
    if is_relative:
        here = view.record or (last + 1 if backward else 0)
        start = here - 1 if backward else here + 1
    else:
        start = command.p1 or view.record or (last if backward else 1)
        if start > last:
            raise StatusError(SW.RECORD_NOT_FOUND, f"{file.label} has {last} records")
    numbers = range(start, 0, -1) if backward else range(start, last + 1)
    found = [one for one in numbers if _has(records[one - 1], pattern, offset, after)]
    if not found:
        return Response(sw=SW.EOF_REACHED)
    view.record = found[0]
    return Response(bytes(found))


def _has(record: bytes, pattern: bytes, offset: int, after: bytes | None) -> bool:
    if after is not None:
        at = record.find(after)
        return at >= 0 and pattern in record[at + 1 :]
    return pattern in record[offset:]


def increase(view: View, command: Command) -> Response:
    """INCREASE, 11.1.8: the newest record plus a value becomes a new one."""
    sfi = _short_identifier(command.p1) if command.p1 & _BY_SFI else 0
    if (command.p1 and not sfi) or command.p2:
        raise StatusError(SW.WRONG_P1P2, "P1 P2 of INCREASE are 00 00, or P1 names a file")
    file = _with_records(view, sfi)
    if view.sim.tree.contents.body(file).kind is not Kind.CYCLIC:
        raise StatusError(SW.COMMAND_INCOMPATIBLE, f"{file.label} is not cyclic")
    _allow(view, file, None, command.ins)
    records = _records(view, file)
    size = len(records[0])
    if not 0 < len(command.data) <= min(size, MAX_INCREASE):
        raise StatusError(
            SW.WRONG_LENGTH, f"a record of {file.label} has {size} bytes, not {len(command.data)}"
        )
    total = int.from_bytes(records[0]) + int.from_bytes(command.data)
    if total >> 8 * size:
        raise StatusError(SW.MAX_VALUE_REACHED, f"the record of {file.label} would overflow")
    record = total.to_bytes(size)
    view.sim.write(file, b"".join((record, *records[:-1])))
    view.record = 1
    return Response(record + command.data)


def deactivate(view: View, command: Command) -> Response:
    """DEACTIVATE FILE, 11.1.14."""
    return _switch(view, command, Mode.DEACTIVATE, activated=False)


def activate(view: View, command: Command) -> Response:
    """ACTIVATE FILE, 11.1.15."""
    return _switch(view, command, Mode.ACTIVATE, activated=True)


def _switch(view: View, command: Command, mode: Mode, *, activated: bool) -> Response:
    data, start = command.data, {0x00: view.directory, 0x08: b"", 0x09: view.directory}
    if command.p1 not in start or command.p2:
        raise StatusError(SW.WRONG_P1P2, "P1 is 00, 08 or 09 and P2 is 00")
    if not data:
        file = view.current()
    else:
        found = view.find(data) if command.p1 == 0 else view.walk(start[command.p1], data)
        if found is None or found.kind.is_directory:
            raise StatusError(SW.NOT_FOUND, f"there is no elementary file {data.hex().upper()}")
        view.go(found)
        file = found
    view.check(file, mode, command.ins)
    if view.sim.is_activated(file) != activated:
        changed = replace(view.sim.file_state(file), activated=activated)
        view.sim.change(view.sim.state.with_file(file.path, changed))
    return Response()


# -- BER-TLV files


def retrieve_data(view: View, command: Command) -> Response:
    """RETRIEVE DATA, 11.3.1: an object, or the tags of all, in blocks."""
    file = _of_objects(view, command.p1)
    _allow(view, file, Mode.READ, command.ins)
    if command.p2 == FIRST_BLOCK:
        content = view.sim.content(file)
        tag = _tag(command.data)
        objects = {one.tag: content[one.start : one.end] for one in children(content)}
        if tag == LIST_OF_TAGS:
            found = tlv(LIST_OF_TAGS, *map(tag_bytes, objects))
        elif tag in objects:
            found = objects[tag]
        else:
            raise StatusError(SW.REFERENCED_DATA_NOT_FOUND, f"{file.label} has no object {tag:X}")
        view.transfer = found
    elif command.p2 != NEXT_BLOCK:
        raise StatusError(SW.WRONG_P1P2, f"P2 of RETRIEVE DATA is 80 or 00, not {command.p2:02X}")
    if not view.transfer:
        raise StatusError(
            SW.CONDITIONS_NOT_SATISFIED, "there is no rest of an object: begin with P2 80"
        )
    size = min(command.ne or BLOCK, BLOCK)
    part, view.transfer = view.transfer[:size], view.transfer[size:]
    return Response(part, SW.MORE_TO_READ if view.transfer else SW.OK)


def set_data(view: View, command: Command) -> Response:
    """SET DATA, 11.3.2: add or replace an object, in blocks; without a value it is deleted."""
    file = _of_objects(view, command.p1)
    _allow(view, file, Mode.UPDATE, command.ins)
    if command.p2 == FIRST_BLOCK:
        view.transfer = command.data
    elif command.p2 != NEXT_BLOCK:
        raise StatusError(SW.WRONG_P1P2, f"P2 of SET DATA is 80 or 00, not {command.p2:02X}")
    elif view.transfer is None:
        raise StatusError(SW.CONDITIONS_NOT_SATISFIED, "no object was begun: begin with P2 80")
    else:
        view.transfer += command.data
    body = view.sim.tree.contents.body(file)
    if len(view.transfer) > body.maximum:
        view.transfer = None
        raise StatusError(SW.NOT_ENOUGH_MEMORY, f"{file.label} has at most {body.maximum} bytes")
    try:
        item = whole(view.transfer)
    except TlvError as error:
        if _is_begun(view.transfer):
            return Response(sw=SW.MORE_TO_WRITE)
        view.transfer = None
        raise StatusError(SW.WRONG_DATA, f"this is not an object: {error}") from error
    given, view.transfer = view.transfer, None
    content = view.sim.content(file)
    kept = [content[one.start : one.end] for one in children(content) if one.tag != item.tag]
    if item.value < item.end:
        kept.append(given)
    elif len(b"".join(kept)) == len(content):
        raise StatusError(SW.REFERENCED_DATA_NOT_FOUND, f"{file.label} has no object {item.tag:X}")
    new = b"".join(kept)
    if len(new) > body.maximum:
        raise StatusError(SW.NOT_ENOUGH_MEMORY, f"{file.label} has at most {body.maximum} bytes")
    view.sim.write(file, new)
    return Response()


def _is_begun(data: bytes) -> bool:
    """Whether more bytes can make an object of these: its length is not reached yet."""
    try:
        item = read(data + bytes(0x10000))
    except TlvError:
        return False
    return item.end > len(data)


def _tag(data: bytes) -> int:
    try:
        tag, end = read_tag(data)
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, f"the data of RETRIEVE DATA is a tag: {error}") from error
    if end != len(data):
        raise StatusError(SW.WRONG_DATA, "the data of RETRIEVE DATA is one tag")
    return tag


# -- files and records


def _transparent(view: View, command: Command) -> tuple[File, int]:
    """The file that the command means, and the offset in it."""
    by_sfi = bool(command.p1 & _BY_SFI)
    file = view.current(_short_identifier(command.p1) if by_sfi else 0)
    kind = view.sim.tree.contents.body(file).kind
    if kind is not Kind.TRANSPARENT:
        use = "RETRIEVE DATA" if kind is Kind.BER_TLV else "READ RECORD and UPDATE RECORD"
        raise StatusError(SW.COMMAND_INCOMPATIBLE, f"{file.label} is not transparent: use {use}")
    return file, command.p2 if by_sfi else command.p1 << 8 | command.p2


def _short_identifier(p1: int) -> int:
    sfi = p1 & 0x1F
    if p1 & 0x60 or not sfi:
        raise StatusError(SW.WRONG_P1P2, f"P1 {p1:02X} does not hold a short file identifier")
    return sfi


def _with_records(view: View, sfi: int) -> File:
    file = view.current(sfi)
    if not view.sim.tree.contents.body(file).kind.has_records:
        raise StatusError(SW.COMMAND_INCOMPATIBLE, f"{file.label} has no records: use READ BINARY")
    return file


def _of_objects(view: View, p1: int) -> File:
    if p1 and not p1 & _BY_SFI:
        raise StatusError(SW.WRONG_P1P2, f"P1 {p1:02X} is neither 00 nor a short file identifier")
    sfi = _short_identifier(p1) if p1 else 0
    transfer, same = view.transfer, view.file
    file = view.current(sfi)
    if view.file == same:
        view.transfer = transfer
    if view.sim.tree.contents.body(file).kind is not Kind.BER_TLV:
        raise StatusError(SW.COMMAND_INCOMPATIBLE, f"{file.label} has no BER-TLV objects")
    return file


def _records(view: View, file: File) -> list[bytes]:
    size = view.sim.tree.contents.body(file).record
    content = view.sim.content(file)
    return [content[at : at + size] for at in range(0, len(content), size)]


def _record_number(view: View, file: File, command: Command, last: int) -> int:
    mode, number = command.p2 & 0x07, command.p1
    is_cyclic = view.sim.tree.contents.body(file).kind is Kind.CYCLIC
    if mode == ABSOLUTE:
        number = number or view.record or 0
        if not number:
            raise StatusError(SW.RECORD_NOT_FOUND, f"no record of {file.label} is the current one")
    elif mode in (NEXT, PREVIOUS):
        if number:
            raise StatusError(SW.WRONG_P1P2, "P1 is 00 for the next or previous record")
        if view.record is None:
            number = 1 if mode == NEXT else last
        else:
            number = view.record + (1 if mode == NEXT else -1)
            if is_cyclic:
                number = (number - 1) % last + 1
    else:
        raise StatusError(SW.WRONG_P1P2, f"P2 {command.p2:02X} does not say which record")
    if not 1 <= number <= last:
        raise StatusError(SW.RECORD_NOT_FOUND, f"{file.label} has {last} records, not {number}")
    return number


def _move(view: View, command: Command, number: int) -> None:
    """The next and previous record become the current one; an absolute number changes nothing."""
    if command.p2 & 0x07 in (NEXT, PREVIOUS):
        view.record = number


def _allow(view: View, file: File, mode: Mode | None, ins: int) -> None:
    if not view.sim.is_activated(file) and not file.special & USABLE_WHILE_DEACTIVATED:
        raise StatusError(SW.CONDITIONS_NOT_SATISFIED, f"{file.label} is deactivated")
    view.check(file, mode, ins)


COMMANDS: dict[int, Callable[[View, Command], Response]] = {
    0xB0: read_binary,
    0xD6: update_binary,
    0xB2: read_record,
    0xDC: update_record,
    0xA2: search_record,
    0x32: increase,
    0x04: deactivate,
    0x44: activate,
    0xCB: retrieve_data,
    0xDB: set_data,
}
"""By the instruction; its class is that of `apdu.names`."""
