"""Binding a Profile Package: the package of the vectors byte for byte, and every part replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from support.bsp import BSP, STEPS, derived
from support.eims import check_signature, objects, tlv
from support.euiccs import PaperEuicc, open_package, sgp22, shared_pki
from support.hexes import hx

from euicc_sim.crypto.agreement import KeyPair
from euicc_sim.crypto.bsp import BspStructureError
from euicc_sim.crypto.signature import UnusableKeyError
from euicc_sim.parties.smdpp.binding import (
    Binding,
    SessionKeys,
    bound_package,
    channel_parameters,
    configure_isdp,
    control_reference_template,
    initialise_secure_channel,
    protected,
    replace_session_keys,
    smdp_sign,
)

EUICC_OTPK = hx(BSP["otEUICC"]["public"])
KEYS = SessionKeys(
    *(hx(BSP["ppk"][name]) for name in ("initialMacChainingValue", "ppkEnc", "ppkCmac"))
)


def vector_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(sgp22()["keys"][name]["private"], 16), ec.SECP256R1())


VECTOR = Binding(
    package=hx(BSP["upp"]),
    metadata=hx(STEPS[1]["plaintext"]),
    transaction_id=hx("0123456789ABCDEF0123456789ABCDEF"),
    eid=hx(BSP["eid"]),
    signing_key=vector_key("DPpb"),
    one_time_key=KeyPair("secp256r1", hx(BSP["otDP"]["public"]), hx(BSP["otDP"]["private"])),
    keys=KEYS,
    host_id=hx(BSP["hostId"]),
    segment_size=1007,
)


@pytest.fixture
def euicc() -> PaperEuicc:
    """The card that holds the one-time key of the vectors."""
    return replace(PaperEuicc.below(shared_pki()), one_time=vector_key("otEUICC"))


def channel_fields(package: bytes) -> dict[str, bytes]:
    """What is in BF23, by tag."""
    ((_, _, inside),) = objects(package)
    content = next(content for tag, _, content in objects(inside) if tag == "BF23")
    return {tag: content for tag, _, content in objects(content)}


# -- the vectors


def test_the_package_of_the_vectors_is_made_byte_for_byte() -> None:
    assert VECTOR.bound(EUICC_OTPK) == hx(BSP["boundProfilePackage"])


def test_what_is_signed_is_that_of_the_vectors() -> None:
    signed = VECTOR.parameters() + tlv("5F49", EUICC_OTPK)
    assert signed == hx(BSP["initialiseSecureChannelTbs"])


def test_initialise_secure_channel_is_that_of_the_vectors() -> None:
    assert VECTOR.channel(EUICC_OTPK) == hx(BSP["initialiseSecureChannelRequest"])


def test_replace_session_keys_is_that_of_the_vectors() -> None:
    assert replace_session_keys(KEYS) == hx(STEPS[2]["plaintext"])


def test_the_steps_alone_make_the_package_too() -> None:
    crt = control_reference_template(hx(BSP["hostId"]))
    parameters = channel_parameters(VECTOR.transaction_id, crt, hx(BSP["otDP"]["public"]))
    signature = smdp_sign(vector_key("DPpb"), parameters, EUICC_OTPK)
    session = derived()
    a0 = tlv("A0", *protected(session, 0x87, configure_isdp()))
    a1 = tlv("A1", *protected(session, 0x88, VECTOR.metadata))
    a2 = tlv("A2", *protected(session, 0x87, replace_session_keys(KEYS)))
    a3 = tlv("A3", *protected(KEYS.session(), 0x86, VECTOR.package, 1007))
    package = bound_package(initialise_secure_channel(parameters, signature), a0, a1, a2, a3)
    assert package == hx(BSP["boundProfilePackage"])


def test_the_same_binding_gives_the_same_package_again() -> None:
    binding = replace(VECTOR, session=derived())
    assert binding.bound(EUICC_OTPK) == binding.bound(EUICC_OTPK) == VECTOR.bound(EUICC_OTPK)


# -- what a card finds


def test_the_signature_covers_the_key_of_the_card() -> None:
    fields = channel_fields(VECTOR.bound(EUICC_OTPK))
    covered = hx(BSP["initialiseSecureChannelTbs"])
    check_signature(vector_key("DPpb").public_key(), fields["5F37"], covered)


def test_a_card_finds_all_that_was_bound(euicc: PaperEuicc) -> None:
    found = open_package(euicc, VECTOR.bound(EUICC_OTPK), host_id=VECTOR.host_id)
    assert found.configuration == hx("BF2400")
    assert found.metadata == VECTOR.metadata
    assert found.replacement == replace_session_keys(KEYS)
    assert found.package == VECTOR.package


def test_without_keys_the_agreed_ones_protect_the_profile_elements(euicc: PaperEuicc) -> None:
    package = replace(VECTOR, keys=None).bound(EUICC_OTPK)
    found = open_package(euicc, package, host_id=VECTOR.host_id)
    assert found.tags == ["BF23", "A0", "A1", "A3"]
    assert found.package == VECTOR.package


@pytest.mark.parametrize("size", [1, 15, 16, 255, 1007, 1008, 2048, 4096])
def test_segments_are_cut_as_one_asks(euicc: PaperEuicc, size: int) -> None:
    package = replace(VECTOR, segment_size=size).bound(EUICC_OTPK)
    found = open_package(euicc, package, host_id=VECTOR.host_id)
    assert found.package == VECTOR.package
    assert all(one == size for one in found.sizes["A3"][:-1])
    assert 0 < found.sizes["A3"][-1] <= size


def test_long_metadata_goes_in_several_segments(euicc: PaperEuicc) -> None:
    package = replace(VECTOR, metadata=bytes(2500), segment_size=1008).bound(EUICC_OTPK)
    found = open_package(euicc, package, host_id=VECTOR.host_id)
    assert found.sizes["A1"] == [1008, 1008, 484]
    assert found.metadata == bytes(2500)


def test_an_empty_package_is_one_segment(euicc: PaperEuicc) -> None:
    package = replace(VECTOR, package=b"").bound(EUICC_OTPK)
    assert open_package(euicc, package, host_id=VECTOR.host_id).sizes["A3"] == [0]


@given(package=st.binary(max_size=600), size=st.integers(1, 700), renewed=st.booleans())
def test_any_package_in_any_segments_is_found_again(
    package: bytes, size: int, renewed: bool
) -> None:
    euicc = replace(PaperEuicc.below(shared_pki()), one_time=vector_key("otEUICC"))
    binding = replace(VECTOR, package=package, segment_size=size, keys=KEYS if renewed else None)
    found = open_package(euicc, binding.bound(EUICC_OTPK), host_id=VECTOR.host_id)
    assert found.package == package


def test_a_brainpool_card_finds_all_that_was_bound() -> None:
    curve = ec.BrainpoolP256R1()
    pair = ec.derive_private_key(5, curve)
    euicc = replace(PaperEuicc.below(shared_pki()), one_time=ec.derive_private_key(7, curve))
    public = replace(euicc, one_time=pair).otpk
    one_time_key = KeyPair("brainpoolP256r1", public, (5).to_bytes(32))
    package = replace(VECTOR, one_time_key=one_time_key).bound(euicc.otpk)
    assert open_package(euicc, package, host_id=VECTOR.host_id).package == VECTOR.package


def test_the_isdp_can_be_told_the_oid_of_its_smdp() -> None:
    assert configure_isdp("2.999.10") == hx("BF24 07 B805 8003 88370A")


# -- mistakes


@pytest.mark.parametrize(
    ("changed", "tag", "found"),
    [
        ({"remote_op_id": 2}, "82", hx("02")),
        ({"transaction_id": b"\x07"}, "80", b"\x07"),
        ({"key_type": 0x81}, "A6", hx("800181 810110 84086D61686C7A656974")),
        ({"key_length": 0x20}, "A6", hx("800188 810120 84086D61686C7A656974")),
        ({"host_id": bytes(17)}, "A6", hx("800188 810110 8411") + bytes(17)),
        ({"crt": hx("A600")}, "A6", b""),
        ({"shown_otpk": b"\x04"}, "5F49", b"\x04"),
        ({"signature": bytes(63)}, "5F37", bytes(63)),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_a_part_of_the_channel_can_be_replaced(
    changed: dict[str, Any], tag: str, found: bytes
) -> None:
    assert channel_fields(replace(VECTOR, **changed).bound(EUICC_OTPK))[tag] == found


@pytest.mark.parametrize("name", ["remote_op_id", "key_type", "key_length"])
def test_the_signature_covers_what_was_replaced(name: str) -> None:
    changed: dict[str, Any] = {name: 0x7F}
    binding = replace(VECTOR, **changed)
    signature = channel_fields(binding.bound(EUICC_OTPK))["5F37"]
    covered = binding.parameters() + tlv("5F49", EUICC_OTPK)
    check_signature(vector_key("DPpb").public_key(), signature, covered)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"configuration": b"\xbf\x25\x00"}, lambda one: one.configuration),
        ({"metadata": b"\xbf\x25\x00"}, lambda one: one.metadata),
    ],
    ids=["configuration", "metadata"],
)
def test_a_plaintext_can_be_replaced(
    euicc: PaperEuicc, changed: dict[str, Any], part: Callable[[Any], bytes]
) -> None:
    package = replace(VECTOR, **changed).bound(EUICC_OTPK)
    assert part(open_package(euicc, package, host_id=VECTOR.host_id)) == b"\xbf\x25\x00"


def test_the_keys_that_are_told_can_be_others_than_those_used() -> None:
    other = SessionKeys(bytes(16), bytes(16), bytes(16))
    binding = replace(VECTOR, replacement=replace_session_keys(other))
    right, wrong = (next(iter(objects(one.bound(EUICC_OTPK))))[2] for one in (VECTOR, binding))
    sections = [{tag: whole for tag, whole, _ in objects(one)} for one in (right, wrong)]
    assert sections[0]["A2"] != sections[1]["A2"]
    assert sections[0]["A3"] == sections[1]["A3"]


def test_keys_can_be_told_that_nobody_uses() -> None:
    binding = replace(VECTOR, keys=None, replacement=replace_session_keys(KEYS))
    assert b"\xa2\x4a\x87" in binding.bound(EUICC_OTPK)


def test_a_point_that_is_on_another_curve_cannot_be_bound_to() -> None:
    with pytest.raises(UnusableKeyError):
        VECTOR.bound(b"\x04" + bytes(64))


def test_a_segment_that_no_length_can_tell_is_not_made() -> None:
    with pytest.raises(BspStructureError):
        replace(VECTOR, package=bytes(70000), segment_size=70000).bound(EUICC_OTPK)


def test_no_key_shows() -> None:
    secrets = (BSP["otDP"]["private"], *BSP["ppk"].values())
    text = repr(replace(VECTOR, session=derived())).lower()
    for one in secrets:
        assert one.lower() not in text
        assert repr(hx(one)).lower()[2:-1] not in text
