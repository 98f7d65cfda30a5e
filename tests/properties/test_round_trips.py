"""What is written is read back the same: commands, TLV, status words, ASN.1 values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.type import char, univ
from support.by_name import V1_2
from support.packages import certificate, der, der_integer, key

from apdu import SW, Command, Response, StatusError
from apdu.cla import ClassByte
from apdu.tlv import children, length_bytes, read, tlv, whole
from euicc_sim.asn1 import codec
from euicc_sim.asn1.nodes import node_of
from euicc_sim.asn1.primitives import MAX_NAMED, Codes, StoredInteger, UnknownCode
from euicc_sim.asn1.wire import WIRE_1_2

# -- commands


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """Commands of all cases, each in a form that its lengths fit."""
    cla, ins, p1, p2 = (draw(st.integers(0, 255)) for _ in range(4))
    data = draw(st.one_of(st.binary(max_size=255), st.binary(min_size=250, max_size=700)))
    ne = draw(st.none() | st.integers(1, 256) | st.integers(1, 65536))
    long = len(data) > 255 or (ne or 0) > 256
    extended = (bool(data) or ne is not None) and (long or draw(st.booleans()))
    return Command(cla, ins, p1, p2, data, ne, extended)


@given(command=commands())
def test_a_command_written_is_read_the_same(command: Command) -> None:
    assert Command.parse(bytes(command)) == command


@given(raw=st.binary(min_size=4, max_size=600))
def test_a_command_read_is_written_the_same(raw: bytes) -> None:
    try:
        written = bytes(Command.parse(raw))
    except StatusError as error:
        written = error.sw.to_bytes(2)
    assert written in (raw, b"\x67\x00")


@given(channel=st.integers(0, 19), proprietary=st.booleans(), chained=st.booleans())
def test_a_class_byte_names_its_channel(channel: int, proprietary: bool, chained: bool) -> None:
    low = channel if channel < 4 else 0x40 | (channel - 4)
    cla = low | 0x80 * proprietary | 0x10 * chained
    if cla == 0xFF:
        return
    assert ClassByte.parse(cla) == ClassByte(channel, chained, False, proprietary)


@given(data=st.binary(max_size=300), sw=st.integers(0, 0xFFFF))
def test_a_response_is_its_data_and_any_status_word(data: bytes, sw: int) -> None:
    answer = bytes(Response(data, sw))
    assert (answer[:-2], int.from_bytes(answer[-2:])) == (data, sw)


@given(word=st.sampled_from(SW), why=st.text().filter(str.strip))
def test_a_status_word_is_itself(word: SW, why: str) -> None:
    assert SW(int.from_bytes(bytes(Response(sw=word)))) is word
    assert StatusError(word, why).sw == word


# -- TLV

tags = st.one_of(
    st.integers(0, 0xFE).filter(lambda one: one & 0x1F != 0x1F),
    st.builds(
        lambda first, last: (first | 0x1F) << 8 | last,
        st.sampled_from([0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xE0]),
        st.integers(0x1F, 0x7F),
    ),
    st.builds(
        lambda middle, last: 0xBF << 16 | (0x80 | middle) << 8 | last,
        st.integers(1, 0x7F),
        st.integers(0, 0x7F),
    ),
)
values = st.one_of(st.binary(max_size=300), st.integers(0, 70000).map(bytes))


@given(tag=tags, value=values)
def test_an_object_written_is_read_the_same(tag: int, value: bytes) -> None:
    data = tlv(tag, value)
    assert data == (der(tag, value) if tag else b"\0" + length_bytes(len(value)) + value)
    item = whole(data)
    assert (item.tag, data[item.value : item.end]) == (tag, value)


@given(row=st.lists(st.tuples(tags, st.binary(max_size=150))), before=st.binary(max_size=5))
def test_a_row_of_objects_is_read_as_it_was_written(
    row: list[tuple[int, bytes]], before: bytes
) -> None:
    data = before + b"".join(tlv(tag, value) for tag, value in row)
    found = children(data, len(before))
    assert [(one.tag, data[one.value : one.end]) for one in found] == row
    assert b"".join(data[one.start : one.end] for one in found) == data[len(before) :]


@given(data=st.binary(max_size=40), start=st.integers(0, 5))
def test_an_object_read_is_within_its_bytes(data: bytes, start: int) -> None:
    try:
        item = read(data, start)
    except ValueError:
        return
    assert start == item.start < item.value <= item.end <= len(data)


# -- ASN.1

KEY_DER = key(1).spki
CERTIFICATE = certificate(key(1))
arcs = st.lists(st.integers(0, 2**60), max_size=6)
oids = st.one_of(
    st.builds(lambda a, b, rest: [a, b, *rest], st.integers(0, 1), st.integers(0, 39), arcs),
    st.builds(lambda b, rest: [2, b, *rest], st.integers(0, 5000), arcs),
).map(lambda found: ".".join(map(str, found)))


def _size(spec: Any) -> tuple[int, int]:
    low, high = 0, 200
    for one in getattr(spec.subtypeSpec, "getValueMap", dict)():
        if hasattr(one, "start") and hasattr(one, "stop"):
            low, high = max(low, one.start), min(high, one.stop)
    return low, high


def values_of(spec: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the card, from its pyasn1 declaration alone."""
    if getattr(spec, "kept_as_is", False):
        raise NotImplementedError(type(spec).__name__)
    if getattr(spec, "kept_whole", False):
        return st.just(CERTIFICATE if "Certificate" in type(spec).__name__ else KEY_DER)
    if isinstance(spec, univ.Choice):
        return st.one_of(
            *(
                st.tuples(st.just(one.name), values_of(one.asn1Object))
                for one in spec.componentType.namedTypes
            )
        )
    if isinstance(spec, univ.SequenceOf):
        item = spec.componentType
        if getattr(spec, "items_kept_as_is", False):
            return st.lists(values_of(item).map(lambda one: codec.encode(item, one)), max_size=3)
        return st.lists(values_of(item), max_size=3)
    if isinstance(spec, univ.Sequence):
        named = spec.componentType.namedTypes
        return st.fixed_dictionaries(
            {one.name: values_of(one.asn1Object) for one in named if not one.isOptional},
            optional={one.name: values_of(one.asn1Object) for one in named if one.isOptional},
        )
    return _simple(spec)


def _simple(spec: Any) -> st.SearchStrategy[Any]:
    low, high = _size(spec)
    if isinstance(spec, univ.Any):
        return st.binary(max_size=9).map(lambda one: der(0x30, one))
    if isinstance(spec, univ.Boolean):
        return st.booleans()
    if isinstance(spec, univ.Integer):
        known = {int(number): str(name) for name, number in spec.namedValues.items()}
        bounded = known or isinstance(spec, StoredInteger)
        numbers = st.integers(-MAX_NAMED, MAX_NAMED) if bounded else st.integers(-(2**70), 2**70)
        if isinstance(spec, Codes):
            unknown = numbers.filter(lambda one: one not in known).map(UnknownCode)
            return st.one_of(st.sampled_from(sorted(known.values())), unknown)
        return st.one_of(st.sampled_from(sorted(known)), numbers) if known else numbers
    if isinstance(spec, univ.Null):
        return st.none()
    if isinstance(spec, char.UTF8String):
        return st.text(
            st.characters(exclude_categories=["Cs"]), min_size=low, max_size=min(high, 9)
        )
    if isinstance(spec, univ.BitString):
        return st.frozensets(st.integers(0, 40))
    if isinstance(spec, univ.ObjectIdentifier):
        return oids
    if isinstance(spec, univ.OctetString):
        return st.binary(min_size=low, max_size=min(high, max(low, 20)))
    raise NotImplementedError(type(spec).__name__)


def _strategy(name: str) -> st.SearchStrategy[Any] | None:
    try:
        return values_of(WIRE_1_2.types[name])
    except NotImplementedError:
        return None


MESSAGES = (
    "Request",
    "Response",
    "EUICCInfo1",
    "EUICCInfo2",
    "EimConfigurationData",
    "EuiccPackageResult",
    "EuiccPackageResultDataSigned",
    "EuiccPackageErrorDataSigned",
    "EuiccPackageSigned",
    "ProfileInfo",
    "Psmo",
    "Eco",
)
"""The ends of the names of what is sent whole, or stands by itself in what is."""

STRATEGIES = {name: found for name in WIRE_1_2.types if (found := _strategy(name)) is not None}


@pytest.mark.slow
@pytest.mark.parametrize("name", [one for one in STRATEGIES if one.endswith(MESSAGES)])
@given(data=st.data())
def test_a_value_written_is_read_the_same(name: str, data: st.DataObject) -> None:
    value = data.draw(STRATEGIES[name])
    written = V1_2.encode(name, value)
    assert V1_2.decode(name, written) == value
    assert V1_2.encode(name, V1_2.decode(name, written)) == written


@given(
    name=st.sampled_from(sorted(STRATEGIES)),
    content=st.binary(max_size=40),
    own_tag=st.booleans(),
)
def test_any_bytes_are_a_value_or_an_error_of_the_codec(
    name: str, content: bytes, own_tag: bool
) -> None:
    tags = sorted(node_of(WIRE_1_2.types[name]).tags)
    data = der(tags[0], content) if own_tag else content
    try:
        value = V1_2.decode(name, data)
    except codec.Asn1Error:
        return
    again = V1_2.encode(name, value)
    assert V1_2.decode(name, again) == value


@given(number=st.integers(-(2**200), 2**200))
def test_an_integer_is_as_short_as_can_be(number: int) -> None:
    spec = univ.Integer()
    written = codec.encode(spec, number)
    assert written == der(0x02, der_integer(number))
    assert codec.decode(spec, written) == number
