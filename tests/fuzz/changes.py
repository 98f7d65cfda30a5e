"""Ways to change an input: BER-TLV trees, JSON, lines and plain bytes.

Every choice comes from the `Random` that is passed, so a run repeats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from apdu.tlv import TlvError, length_bytes, read, tag_bytes

MAX_SIZE = 0x10000
"""The largest value that a change makes, in bytes."""

CONSTRUCTED = 0x20
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
"""Unicode's marks for the direction of text."""
ODD = [0x0000, 0x00A0, 0x00AD, 0x2028, 0x2029, 0xFEFF, 0xFFFD, 0x1F4F6, 0xE0001, 0x10FFFF]
BYTES = (
    *(b"", b"\0", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x7f\xff", b"\x80\0", b"\0\xff"),
    *(b"\xff" * 8, b"\x80" + bytes(8), b"\x7f" + b"\xff" * 8, b"\x2a\x03", b"\xff" * 10),
    *(b"\x30\x80\0\0", b"\xbf\x80\x01\x00", b"\x1f\xff\xff\xff\x7f", b"\x30\x84\xff\xff\xff\xff"),
    *(b"\x1b[2J\x1b]0;x\x07\r\n", "\u202e\x9b2J\x85".encode(), b"\xed\xa0\x80", b"a..b"),
)
TAGS = (
    *(0x02, 0x03, 0x04, 0x06, 0x0C, 0x30, 0x31, 0x5A, 0x5C, 0x80, 0x81, 0x82, 0xA0, 0xA1, 0xBF51),
    *(0x5F37, 0x5F49, 0x7F21, 0x95, 0x99, 0xB6, 0xB7, 0xB8, 0xBF22, 0xBF64, 0x9F70, 0x9F67),
)
NUMBERS = (0, 1, -1, 0x7F, 0x80, 0xFF, 2**31, 2**32, 2**63 - 1, 2**63, -(2**63), 10**11, 10**400)


def size(random: Random, most: int = MAX_SIZE) -> int:
    """Mostly small, now and then as large as that."""
    return int(2 ** random.uniform(0, most.bit_length() - 1)) if random.random() < 0.9 else most


def text(random: Random) -> str:
    """Text that a stranger might send: controls, marks of direction, or much of one thing."""
    kinds = (CONTROLS, BIDI, ODD, list(range(0x20, 0x7F)), [0x41], [0x39], [0xE9])
    points = random.choice(kinds)
    return "".join(map(chr, random.choices(points, k=size(random, 0x4000))))


def octets(random: Random) -> bytes:
    """Bytes that have often been wrong somewhere."""
    match random.randrange(5):
        case 0:
            return random.randbytes(size(random, 0x1000))
        case 1:
            return random.choice(BYTES) * random.choice((1, 1, 2, 64))
        case 2:
            return random.choice((b"\0", b"\xff", b"\x7f", b"\x80", b"A")) * size(random)
        case 3:
            return b"\x7f" + b"\xff" * size(random)
    return text(random).encode()[:MAX_SIZE]


# -- plain bytes


def flipped(random: Random, data: bytes) -> bytes:
    """Some bytes changed, cut out, doubled or put in."""
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        at = random.randrange(len(found) + 1)
        end = min(len(found), at + size(random, 64))
        match random.randrange(5):
            case 0 if at < len(found):
                found[at] ^= 1 << random.randrange(8)
            case 1:
                del found[at:end]
            case 2:
                found[at:at] = found[at:end]
            case 3:
                found[at:at] = octets(random)
            case _:
                found[at:end] = random.randbytes(end - at)
    return bytes(found[: 2 * MAX_SIZE])


def spliced(random: Random, one: bytes, other: bytes) -> bytes:
    """The beginning of one and the end of another."""
    return one[: random.randrange(len(one) + 1)] + other[random.randrange(len(other) + 1) :]


# -- trees of BER-TLV


@dataclass
class Node:
    """An object; `length` is written instead of the right one."""

    tag: bytes
    content: bytes = b""
    inside: list[Node] = field(default_factory=list)
    length: bytes | None = None

    def encoded(self) -> bytes:
        """Its bytes."""
        content = b"".join(one.encoded() for one in self.inside) if self.inside else self.content
        length = length_bytes(len(content)) if self.length is None else self.length
        return self.tag + length + content


def nodes(data: bytes, depth: int = 0) -> list[Node] | None:
    """The objects that fill these bytes; None if they are not such."""
    found, at = [], 0
    try:
        while at < len(data):
            item = read(data, at)
            tag, content = tag_bytes(item.tag), data[item.value : item.end]
            inside = nodes(content, depth + 1) if tag[0] & CONSTRUCTED and depth < 12 else None
            found.append(Node(tag, content, inside or []))
            at = item.end
    except TlvError:
        return None
    return found


def _lists(found: list[Node]) -> list[list[Node]]:
    return [found, *(two for one in found if one.inside for two in _lists(one.inside))]


def tree_changed(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Objects with other tags, lengths, contents, children or order; plain bytes if it is none."""
    found = nodes(data)
    if not found or random.random() < 0.1:
        return flipped(random, data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        places = _lists(found)
        row = random.choice(places)
        if row:
            _change(random, row, random.randrange(len(row)), others, places)
        data = b"".join(one.encoded() for one in found)[: 2 * MAX_SIZE]
        found = nodes(data)  # read anew, so that what is there twice is not changed twice over
        if not found:
            break
    return data


def _change(
    random: Random, row: list[Node], at: int, others: Sequence[bytes], places: list[list[Node]]
) -> None:
    one = row[at]
    match random.randrange(13):
        case 0:
            one.tag = tag_bytes(random.choice(TAGS)) if random.random() < 0.8 else b"\x1f\xff\x7f"
        case 1:
            one.length = random.choice(
                (b"\0", b"\x80", b"\x7f", b"\xff", b"\x81\x01", b"\x82\xff\xff", b"\x84\xff" * 2)
            )
        case 2:
            del row[at]
        case 3:
            row.insert(at, one)
        case 4:
            random.shuffle(row)
        case 5 | 6 | 7:
            one.content, one.inside = octets(random), []
        case 8:
            one.content, one.inside = flipped(random, one.encoded()[2:]), []
        case 9:
            row[at] = Node(one.tag, inside=[one] if row is not one.inside else [])
        case 10:
            found = nodes(random.choice(others)) or []
            row[at:at] = random.choice(_lists(found)) if found else []
        case 11:
            row[at : at + 1] = [one] * min(size(random, 0x4000), MAX_SIZE // len(one.encoded()))
        case _:
            row += [_leaf(taken) for taken in random.choice(places)[:2]]


def _leaf(one: Node) -> Node:
    """The same bytes without children: no object ever comes to be inside itself."""
    return Node(
        one.tag, one.encoded()[len(one.tag) + len(one.length or b"\0") :], length=one.length
    )


# -- JSON


def json_changed(random: Random, content: bytes) -> bytes:
    """A document with other values, names or nesting; plain bytes if it is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return flipped(random, content)
    if random.random() < 0.15:
        return flipped(random, content)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        _put(random, document)
    written = json.dumps(document, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.1:
        written = written.replace("null", random.choice(("NaN", "Infinity", "1e999", "-0")))
    if random.random() < 0.05:
        depth = random.choice((65, 1000, 100_000))
        written = written.replace("{", '{"a":' + "[" * depth, 1)
    return written.encode(errors="surrogatepass")


def _put(random: Random, document: Any) -> None:
    """Change one place of a list or an object."""
    while isinstance(document, (dict, list)) and document:
        keys: list[Any] = list(document) if isinstance(document, dict) else [*range(len(document))]
        key = random.choice(keys)
        inner = document[key]
        if isinstance(inner, (dict, list)) and inner and random.random() < 0.8:
            document = inner
            continue
        match random.randrange(8):
            case 0:
                del document[key]
            case 1 if isinstance(document, list):
                document.extend([inner] * size(random, 0x400))
            case 1 | 2 if isinstance(document, dict):
                document[random.choice(("", "schema", text(random)[:80]))] = document.pop(key)
            case _:
                document[key] = json_value(random, inner)
        return


def json_value(random: Random, before: Any = None) -> Any:
    """A value of some type; often of the type that was there."""
    if isinstance(before, str) and random.random() < 0.5:
        return octets(random).hex() if random.random() < 0.5 else before[: random.randrange(99)]
    choices: tuple[Callable[[], Any], ...] = (
        lambda: text(random),
        lambda: octets(random).hex(),
        lambda: random.choice(NUMBERS),
        lambda: [random.choice(NUMBERS)] * random.randrange(4),
        lambda: random.choice((None, True, False, {}, [], "", 1e300, -1.5, "2.999", "a..b")),
        lambda: {"a": [text(random)[:20]]},
        lambda: before,
    )
    return random.choice(choices)()


# -- rows of lines


def lines_changed(
    random: Random,
    data: bytes,
    others: Sequence[bytes],
    change: Callable[[bytes], bytes],
) -> bytes:
    """Lines left out, doubled, moved, taken from another input, and one changed by `change`."""
    lines = data.splitlines()
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(lines)) if lines else 0
        match random.randrange(8):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1 if lines:
                lines[at:at] = [lines[at]] * random.choice((1, 1, 3, 20))
            case 2:
                other = random.choice(others).splitlines()
                start = random.randrange(len(other) + 1)
                lines[at:at] = other[start : start + random.choice((1, 2, 8))]
            case 3 if len(lines) > 2:
                lines[at:] = lines[at + 1 :] + lines[at : at + 1]
            case _ if lines:
                lines[at] = change(lines[at])
    return b"\n".join(lines) + b"\n"
