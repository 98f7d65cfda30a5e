"""Protection of Bound Profile Packages: the vectors step by step, and whatever is not genuine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st
from support.bsp import BEFORE_REPLACEMENT, BSP, STEPS, derived, replaced
from support.hexes import hx

from apdu.tlv import length_bytes, whole
from euicc_sim.crypto.bsp import (
    Bsp,
    BspError,
    BspSecurityError,
    BspStructureError,
    shared_info,
)

INFO = hx(BSP["sharedInfo"])
SECRET = hx(BSP["sharedSecretX"])


def segment(session: Bsp, tag: int, payload: bytes) -> bytes:
    """A segment of any payload with a MAC that is right."""
    data = bytes((tag,)) + length_bytes(len(payload) + 8) + payload
    cmac = CMAC(AES128(session.s_mac))
    cmac.update(session.chaining + data)
    return data + cmac.finalize()[:8]


def enciphered(session: Bsp, padded: bytes) -> bytes:
    """The segment of a plaintext that is padded in any way, for counter 1."""
    icv = hx("38C8E99AD76E638D1C05500FC78EE21C")
    cipher = Cipher(AES128(session.s_enc), CBC(icv)).encryptor()
    return segment(session, 0x87, cipher.update(padded))


# -- keys


def test_the_secret_of_the_vectors_is_the_x_coordinate() -> None:
    ours = ec.derive_private_key(int(BSP["otEUICC"]["private"], 16), ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), hx(BSP["otDP"]["public"]))
    assert ours.exchange(ec.ECDH(), theirs) == SECRET


def test_the_shared_info_is_the_vectors() -> None:
    assert shared_info(hx(BSP["hostId"]), hx(BSP["eid"])) == INFO
    given_type, given_size = int(BSP["keyType"], 16), int(BSP["keyLen"], 16)
    assert shared_info(hx(BSP["hostId"]), hx(BSP["eid"]), given_type, given_size) == INFO


@pytest.mark.parametrize(("host", "eid"), [(128, 16), (8, 15), (8, 17), (8, 0)])
def test_an_impossible_shared_info_is_refused(host: int, eid: int) -> None:
    with pytest.raises(BspStructureError, match=f"{host} bytes, an EID of {eid}"):
        shared_info(bytes(host), bytes(eid))


def test_the_keys_are_derived_in_their_order() -> None:
    session = derived()
    assert session.chaining + session.s_enc + session.s_mac == hx(BSP["kdfOutput48"])
    assert session.chaining == hx(BSP["initialMacChaining"])
    assert session.s_enc == hx(BSP["S-ENC"])
    assert session.s_mac == hx(BSP["S-MAC"])
    assert session.counter == 1


def test_keys_are_not_printed() -> None:
    session = derived()
    assert repr(session) == "Bsp(counter=1)"
    hidden = [getattr(session, one.name) for one in fields(session) if one.init and not one.repr]
    assert len(hidden) == 3
    assert not [one for one in hidden if one.hex() in str(session).lower()]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_key_of_the_wrong_size_is_refused(place: int, size: int) -> None:
    keys = [bytes(16)] * 3
    keys[place] = bytes(size)
    with pytest.raises(BspStructureError, match=f"has {size} bytes, not 16"):
        Bsp(keys[0], keys[1], keys[2])


# -- the vectors, step by step


def each_step(act: Callable[[Bsp, dict[str, Any]], None]) -> None:
    """Do it for every step, with the state before and after that the vectors give."""
    session = derived()
    for number, step in enumerate(STEPS):
        if number == BEFORE_REPLACEMENT:
            session = replaced()
        assert session.counter == step["counter"]
        assert session.chaining == hx(step["macChainingBefore"])
        act(session, step)
        assert session.counter == step["counter"] + 1
        assert session.chaining == hx(step["macChainingAfter"])


def test_every_step_is_protected_byte_for_byte() -> None:
    def protect(session: Bsp, step: dict[str, Any]) -> None:
        written = session.protect(int(step["tag"], 16), hx(step["plaintext"]))
        assert written == hx(step["protected"])

    each_step(protect)


def test_every_step_is_unprotected_byte_for_byte() -> None:
    def unprotect(session: Bsp, step: dict[str, Any]) -> None:
        assert session.unprotect(hx(step["protected"])) == hx(step["plaintext"])

    each_step(unprotect)


@pytest.mark.parametrize("step", [one for one in STEPS if one["icv"]])
def test_the_icv_of_a_step_decrypts_it(step: dict[str, Any]) -> None:
    raw = hx(step["protected"])
    s_enc = derived().s_enc if step["tag"] == "87" else replaced().s_enc
    cipher = Cipher(AES128(s_enc), CBC(hx(step["icv"]))).decryptor()
    padded = cipher.update(raw[whole(raw).value : -8])
    assert padded.rstrip(b"\0") == hx(step["plaintext"]) + b"\x80"


def test_the_profile_is_what_the_last_steps_hold() -> None:
    session = replaced()
    parts = [session.unprotect(hx(one["protected"])) for one in STEPS[BEFORE_REPLACEMENT:]]
    assert b"".join(parts) == hx(BSP["upp"])


def test_without_replaced_keys_the_counter_continues() -> None:
    sender, receiver = derived(), derived()
    for tag in (0x87, 0x88, 0x86, 0x86):
        assert receiver.unprotect(sender.protect(tag, b"part")) == b"part"
    assert (sender, receiver.counter) == (receiver, 5)


# -- what is not genuine


def refused(session: Bsp, raw: bytes) -> BspError:
    """The error of bytes that change nothing."""
    before = session.fork()
    with pytest.raises(BspError) as caught:
        session.unprotect(raw)
    assert session == before
    return caught.value


def test_every_flipped_bit_of_every_step_is_detected() -> None:
    def flip(session: Bsp, step: dict[str, Any]) -> None:
        raw = hx(step["protected"])
        start = whole(raw).value
        for bit in range(8 * len(raw)):
            spoilt = bytearray(raw)
            spoilt[bit // 8] ^= 1 << bit % 8
            error = refused(session, bytes(spoilt))
            if bit // 8 >= start:
                assert isinstance(error, BspSecurityError)
        session.unprotect(raw)

    each_step(flip)


def test_a_repeated_or_early_segment_is_detected() -> None:
    session = derived()
    assert isinstance(refused(session, hx(STEPS[1]["protected"])), BspSecurityError)
    session.unprotect(hx(STEPS[0]["protected"]))
    assert isinstance(refused(session, hx(STEPS[0]["protected"])), BspSecurityError)


def test_a_truncated_or_extended_segment_is_refused() -> None:
    session, raw = derived(), hx(STEPS[0]["protected"])
    for size in range(len(raw)):
        assert isinstance(refused(session, raw[:size]), BspStructureError)
    assert isinstance(refused(session, raw + b"\0"), BspStructureError)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "0 bytes are not a segment"),
        ("87", "1 bytes are not a segment"),
        ("89 08 0000000000000000", "tag 89 is not that of a segment"),
        ("A7 08 0000000000000000", "tag A7 is not that of a segment"),
        ("87 00", "no room for a MAC"),
        ("88 07 00000000000000", "no room for a MAC"),
        ("87 80 0000000000000000 0000", "length 80 of a segment cannot be read"),
        ("87 85 0000000008 0000000000000000", "length 85 of a segment cannot be read"),
        ("87 FF 0000000000000000", "length FF of a segment cannot be read"),
        ("87 82 00", "length 82 of a segment cannot be read"),
        ("87 81 09 0000000000000000", "claims 9 bytes, it has 8"),
        ("87 84 FFFFFFFF 0000000000000000", "claims 4294967295 bytes, it has 8"),
    ],
)
def test_the_error_says_why_it_is_not_a_segment(raw: str, why: str) -> None:
    error = refused(derived(), hx(raw))
    assert isinstance(error, BspStructureError)
    assert why in str(error)


@pytest.mark.parametrize("size", [0, 1, 15, 17])
def test_a_genuine_segment_without_whole_blocks_is_refused(size: int) -> None:
    session = derived()
    error = refused(session, segment(session, 0x87, bytes(size)))
    assert isinstance(error, BspStructureError)
    assert str(error) == f"{size} enciphered bytes are not whole blocks"


@pytest.mark.parametrize("size", [0, 1, 15, 17])
def test_the_mac_is_checked_before_the_blocks(size: int) -> None:
    session = derived()
    raw = segment(session, 0x87, bytes(size))
    assert isinstance(refused(session, raw[:-1] + bytes((raw[-1] ^ 1,))), BspSecurityError)


@pytest.mark.parametrize(
    "padded",
    [
        bytes(16),
        hx("00112233445566778899AABBCCDDEEFF"),
        hx("00112233445566778899AABBCCDD8001"),
        hx("00112233445566778899AABBCCDDEE40"),
        hx("00112233445566778899AABBCCDDEE80") + bytes(16),
        hx("00112233445566778899AABBCCDD8000") + bytes(16),
    ],
)
def test_wrong_padding_is_refused(padded: bytes) -> None:
    session = derived()
    error = refused(session, enciphered(session, padded))
    assert isinstance(error, BspSecurityError)
    assert str(error) == "wrong padding of segment 1"


def test_correct_padding_is_accepted() -> None:
    assert derived().unprotect(enciphered(derived(), b"\x80" + bytes(15))) == b""
    assert derived().unprotect(enciphered(derived(), bytes(15) + b"\x80")) == bytes(15)


@pytest.mark.parametrize(
    "head", ["87 81 18", "87 82 0018", "87 83 000018", "87 84 00000018"], ids=len
)
def test_a_longer_form_of_the_length_is_under_the_mac(head: str) -> None:
    session, raw = derived(), hx(STEPS[0]["protected"])
    assert isinstance(refused(session, hx(head) + raw[2:]), BspSecurityError)
    cmac = CMAC(AES128(session.s_mac))
    cmac.update(session.chaining + hx(head) + raw[2:-8])
    assert session.unprotect(hx(head) + raw[2:-8] + cmac.finalize()[:8]) == hx("BF2400")


@given(raw=st.binary(max_size=60), tag=st.none() | st.sampled_from([0x86, 0x87, 0x88]))
def test_any_bytes_are_refused_and_change_nothing(raw: bytes, tag: int | None) -> None:
    data = raw if tag is None else bytes((tag,)) + length_bytes(len(raw)) + raw
    refused(derived(), data)
