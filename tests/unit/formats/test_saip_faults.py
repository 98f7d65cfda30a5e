"""Profile packages that are refused: the status, and the identification of the element."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import LINEAR, TIMES, growth
from support.hexes import hx
from support.saip import END, element, header, package, template

from apdu.tlv import tlv
from euicc_sim.formats.saip import PackageError, elements, examine

SMALLEST = header() + hx("AA 07 A005 8000 810102")
GFM, MF, USIM = 0xA1, 0xB0, 0xB3
FIELDS = {
    "version": hx("800103 810103"),
    "iccid": hx("830A89000123456789012341"),
    "services": hx("A5028100"),
    "templates": hx("A600"),
}


def refused(raw: bytes) -> tuple[int, int | None]:
    """The status and the identification in the error."""
    with pytest.raises(PackageError) as caught:
        examine(raw)
    return caught.value.status, caught.value.identification


def with_header(**fields: str) -> bytes:
    """The smallest package, with other fields in the header."""
    content = FIELDS | {name: hx(text) for name, text in fields.items()}
    return tlv(0xA0, *content.values()) + element(END, 2)


# The header


@pytest.mark.parametrize("raw", ["", "AA07A00580008 10102", "B000", "A1 07 A005 8000 810102"])
def test_a_package_begins_with_its_header(raw: str) -> None:
    assert refused(hx(raw.replace(" ", "")))[0] == 5


def test_a_second_header_is_refused() -> None:
    assert refused(package(elements=[header()])) == (5, None)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "8001",
        "800103",
        "8000 810103 830A89000123456789012341 A5028100 A600",
        "80020103 810103 830A89000123456789012341 A5028100 A600",
        "8001FF 810103 830A89000123456789012341 A5028100 A600",
        "800103 810103 8201FF 830A89000123456789012341 A5028100 A600",
        "800103 810103 830A89000123456789012341 830A89000123456789012341 A5028100 A600",
    ],
)
def test_a_header_that_cannot_be_decoded_is_refused(content: str) -> None:
    assert refused(tlv(0xA0, hx(content)) + element(END, 2)) == (5, None)


@pytest.mark.parametrize("name", FIELDS)
def test_a_header_without_a_required_field_is_refused(name: str) -> None:
    assert refused(with_header(**{name: ""})) == (5, None)


def test_an_iccid_of_nine_bytes_is_refused() -> None:
    assert refused(with_header(iccid="8309890001234567890123")) == (3, None)


def test_an_iccid_of_eleven_bytes_is_refused() -> None:
    assert refused(with_header(iccid="830B8900012345678901234100")) == (3, None)


def test_an_iccid_with_a_nibble_that_is_not_a_digit_is_refused() -> None:
    assert refused(with_header(iccid="830A8900012345678901234A")) == (3, None)


def test_an_iccid_with_its_filler_in_the_middle_is_refused() -> None:
    assert refused(with_header(iccid="830A890001234567890123F1")) == (3, None)


def test_an_iccid_of_17_digits_is_refused() -> None:
    assert refused(with_header(iccid="830A89000123456789012FFF")) == (3, None)


@pytest.mark.parametrize("major", [0, 4, 255])
def test_an_unknown_major_version_is_refused(major: int) -> None:
    assert refused(package(version=(major, 0))) == (31, None)


def test_an_unknown_major_version_is_refused_whatever_the_header_holds() -> None:
    assert refused(tlv(0xA0, hx("800104 810100 9F5501AA")) + element(END, 2)) == (31, None)


@pytest.mark.parametrize(
    "name",
    [
        *("contactless", "cave", "gba-usim", "gba-isim", "mbms", "eap", "multos"),
        *("multiple-usim", "multiple-isim", "multiple-csim", "tuak256", "dfLink", "cat-tp"),
        *("suciCalculatorApi", "dns-resolution"),
    ],
)
def test_a_service_that_the_card_does_not_have_is_refused(name: str) -> None:
    assert refused(package(services=["usim", name])) == (10, None)


@pytest.mark.parametrize("service", ["9E00", "9F1F00", "A100", "0500"])
def test_an_unknown_service_is_refused(service: str) -> None:
    assert refused(with_header(services=tlv(0xA5, hx(service)).hex())) == (10, None)


def test_a_service_is_null() -> None:
    assert refused(with_header(services="A503 810101")) == (5, None)


@pytest.mark.parametrize("oid", [template(19), template(1, 2), template(4, 9), hx("8837")])
def test_an_unknown_template_is_refused(oid: bytes) -> None:
    assert refused(package(templates=[template(1), oid])) == (9, None)


@pytest.mark.parametrize("item", ["0600", "060281", "040101"])
def test_a_list_of_templates_with_something_else_is_refused(item: str) -> None:
    assert refused(with_header(templates=tlv(0xA6, hx(item)).hex()))[0] == 5


# The elements


@pytest.mark.parametrize("tag", [0xBF22, 0xBF7F, 0xA9, 0xAB])
def test_an_unknown_element_that_is_mandated_is_named(tag: int) -> None:
    assert refused(package(elements=[element(tag, 300)])) == (1, 300)


def test_a_mandated_element_of_an_unknown_template_is_named() -> None:
    usim = element(USIM, 8, tlv(0x81, template(4, 9)))
    assert refused(package(elements=[usim])) == (9, 8)


def test_an_element_of_an_unknown_template_that_is_not_mandated_is_skipped() -> None:
    usim = element(USIM, 8, tlv(0x81, template(4, 9)), mandated=False)
    assert examine(package(elements=[usim])).elements == 3


def test_a_file_element_with_a_field_twice_is_named() -> None:
    assert refused(package(elements=[element(MF, 8, hx("A200 A200"))])) == (5, 8)


@pytest.mark.parametrize("raw", ["A100", "A1023000", "A102 A000", "A104 A002 8000"])
def test_an_element_without_a_pe_header_is_refused(raw: str) -> None:
    assert refused(package(elements=[hx(raw)])) == (5, None)


def test_an_identification_has_15_bits() -> None:
    examine(package(elements=[element(GFM, 0x7FFF)]))
    assert refused(package(elements=[element(GFM, 0x8000)])) == (5, None)


def test_mandated_is_null() -> None:
    assert refused(package(elements=[hx("A108 A006 800101 810107")])) == (5, None)


@pytest.mark.parametrize("raw", ["30 00", "04 00", "80 00", "B0", "0000", "E0 00"])
def test_an_object_that_is_not_an_element_is_refused(raw: str) -> None:
    assert refused(package(elements=[hx(raw)], end=False)) == (5, None)


def test_a_truncated_element_is_refused() -> None:
    assert refused(package(elements=[element(GFM, 7)], end=False)[:-1]) == (5, None)


def test_an_object_truncated_inside_an_element_is_named() -> None:
    assert refused(package(elements=[element(GFM, 7, hx("A103 300281"))])) == (5, 7)


@pytest.mark.parametrize("raw", ["A180 A003810107 0000", "A1 0B A003810107 A180 0500 0000"])
def test_an_indefinite_length_is_refused(raw: str) -> None:
    assert refused(package(elements=[hx(raw)]))[0] == 5


def test_objects_nested_too_deeply_are_refused() -> None:
    deep = b""
    for _ in range(20_000):
        deep = tlv(0xA1, deep)
    assert refused(package(elements=[element(GFM, 7, deep)])) == (5, 7)


# The end


def test_a_package_without_an_end_is_refused() -> None:
    assert refused(package(end=False)) == (5, None)


@pytest.mark.parametrize("more", ["00", "FF", "A1", "A107 A005 8000 810109", "AA07A0058000810109"])
def test_bytes_after_the_end_are_refused(more: str) -> None:
    assert refused(SMALLEST + hx(more)) == (5, 2)


def test_an_end_without_a_pe_header_is_refused() -> None:
    assert refused(header() + hx("AA00")) == (5, None)


def test_an_end_need_not_be_mandated() -> None:
    assert examine(header() + hx("AA05 A003 810102")).elements == 2


# Any bytes


def error_of(read: Callable[[bytes], object], raw: bytes) -> PackageError | None:
    try:
        read(raw)
    except PackageError as error:
        return error
    return None


def reads_or_refuses(raw: bytes) -> None:
    for read in (examine, elements):
        error = error_of(read, raw)
        if error is not None:
            assert error.status in {1, 3, 5, 9, 10, 31}
            assert error.identification is None or 0 <= error.identification <= 0x7FFF
            assert 0 < len(str(error)) < 200


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    reads_or_refuses(raw)


@given(st.binary(max_size=80))
def test_any_header_is_read_or_refused(content: bytes) -> None:
    reads_or_refuses(tlv(0xA0, content) + element(END, 2))


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.binary(max_size=30)))
def test_any_field_of_the_header_is_read_or_refused(contents: dict[str, bytes]) -> None:
    tags = {"version": 0x80, "iccid": 0x83, "services": 0xA5, "templates": 0xA6}
    fields = {name: tlv(tags[name], content).hex() for name, content in contents.items()}
    reads_or_refuses(with_header(**fields))


@given(
    st.lists(st.tuples(st.sampled_from([0xA0, 0xA1, 0xA9, 0xAA, 0xB0, 0xBF22]), st.binary())),
    st.booleans(),
)
def test_any_elements_are_read_or_refused(row: list[tuple[int, bytes]], with_pe: bool) -> None:
    made = [element(tag, 7, content) if with_pe else tlv(tag, content) for tag, content in row]
    reads_or_refuses(package(elements=made))


@given(st.integers(0, len(SMALLEST) - 1), st.integers(0, 255))
def test_a_package_with_one_byte_changed_is_read_or_refused(at: int, byte: int) -> None:
    reads_or_refuses(SMALLEST[:at] + bytes((byte,)) + SMALLEST[at + 1 :])


@pytest.mark.parametrize("size", range(len(SMALLEST)))
def test_a_truncated_package_is_refused(size: int) -> None:
    assert refused(SMALLEST[:size]) == (5, None)


BIG = 0x40000


@pytest.mark.slow
@pytest.mark.parametrize(
    "of",
    [
        pytest.param(lambda size: package(elements=[hx("AB00") * (size // 2)]), id="elements"),
        pytest.param(
            lambda size: package(elements=[element(GFM, 7, hx("0500") * (size // 2))]), id="objects"
        ),
        pytest.param(
            lambda size: package(elements=[element(MF, 7, hx("A200") * (size // 2))]), id="fields"
        ),
        pytest.param(lambda size: package(templates=[template(1)] * (size // 8)), id="templates"),
        pytest.param(lambda size: package(templates=[bytes(size)]), id="one template"),
        pytest.param(
            lambda size: tlv(0xA0, tlv(0x80, b"\x7f" * size)) + element(END, 2), id="version"
        ),
        pytest.param(lambda size: package(connectivity=bytes(size)), id="connectivity"),
    ],
)
def test_the_work_for_a_large_package_grows_with_its_size(of: Callable[[int], bytes]) -> None:
    packages = {size: of(size) for size in (BIG // TIMES, BIG)}
    assert growth(lambda size: reads_or_refuses(packages[size]), BIG) < LINEAR
