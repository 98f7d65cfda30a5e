"""The algorithms of a SIM against published numbers.

Milenage: 3GPP TS 35.208 test sets 1, 3 and 4. TUAK: TS 35.232 set 1, and the 256-bit values of set
6 as CryptoMobile has them. SUCI: TS 33.501 annex C.4. Keccak: hashlib's SHAKE256.
"""

from __future__ import annotations

from hashlib import shake_256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx

from euicc_sim.crypto.aka import (
    AkaAlgorithm,
    AkaKeyError,
    UsimTestAlgorithm,
    kc,
    make_auts,
    read_challenge,
    sres,
)
from euicc_sim.crypto.milenage import Milenage, opc_of
from euicc_sim.crypto.signature import UnusableKeyError
from euicc_sim.crypto.suci import Scheme, conceal
from euicc_sim.crypto.tuak import Tuak, keccak_f, topc_of

MILENAGE = {
    "set 1": {
        "k": "465b5ce8b199b49faa5f0a2ee238a6bc",
        "op": "cdc202d5123e20f62b6d676ac72cb318",
        "opc": "cd63cb71954a9f4e48a5994e37a02baf",
        "rand": "23553cbe9637a89d218ae64dae47bf35",
        "sqn": "ff9bb4d0b607",
        "amf": "b9b9",
        "f1": "4a9ffac354dfafb3",
        "f1*": "01cfaf9ec4e871e9",
        "f2": "a54211d5e3ba50bf",
        "f3": "b40ba9a3c58b2a05bbf0d987b21bf8cb",
        "f4": "f769bcd751044604127672711c6d3441",
        "f5": "aa689c648370",
        "f5*": "451e8beca43b",
    },
    "set 3": {
        "k": "fec86ba6eb707ed08905757b1bb44b8f",
        "op": "dbc59adcb6f9a0ef735477b7fadf8374",
        "opc": "1006020f0a478bf6b699f15c062e42b3",
        "rand": "9f7c8d021accf4db213ccff0c7f71a6a",
        "sqn": "9d0277595ffc",
        "amf": "725c",
        "f1": "9cabc3e99baf7281",
        "f1*": "95814ba2b3044324",
        "f2": "8011c48c0c214ed2",
        "f3": "5dbdbb2954e8f3cde665b046179a5098",
        "f4": "59a92d3b476a0443487055cf88b2307b",
        "f5": "33484dc2136b",
        "f5*": "deacdd848cc6",
    },
    "set 4": {
        "k": "9e5944aea94b81165c82fbf9f32db751",
        "op": "223014c5806694c007ca1eeef57f004f",
        "opc": "a64a507ae1a2a98bb88eb4210135dc87",
        "rand": "ce83dbc54ac0274a157c17f80d017bd6",
        "sqn": "0b604a81eca8",
        "amf": "9e09",
        "f1": "74a58220cba84c49",
        "f1*": "ac2cc74a96871837",
        "f2": "f365cd683cd92e96",
        "f3": "e203edb3971574f5a94b0d61b816345d",
        "f4": "0c4524adeac041c4dd830d20854fc46b",
        "f5": "f0b9c08ad02e",
        "f5*": "6085a86c6f63",
    },
}

TUAK_128 = {
    "k": "ab" * 16,
    "top": "55" * 32,
    "topc": "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff",
    "rand": "42" * 16,
    "sqn": "111111111111",
    "amf": "ffff",
    "f1": "f9a54e6aeaa8618d",
    "f1*": "e94b4dc6c7297df3",
    "f2": "657acd64",
    "f3": "d71a1e5c6caffe986a26f783e5c78be1",
    "f4": "be849fa2564f869aecee6f62d4337e72",
    "f5": "719f1e9b9054",
    "f5*": "e7af6b3d0e38",
}
TUAK_256 = {
    "k": "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
    "top": "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    "topc": "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524",
    "rand": "0123456789abcdef0123456789abcdef",
    "f2": "e9d749dc4eea0035",
    "f3": "a4cb6f6529ab17f8337f27baa8234d47",
    "f4": "2274155ccf4199d5e2abcbf621907f90",
    "f5": "480a9345cc1e",
    "f5*": "f84eb338848c",
}


def outputs(algorithm: AkaAlgorithm, given_values: dict[str, str]) -> dict[str, bytes]:
    rand = hx(given_values["rand"])
    derived = algorithm.f2345(rand)
    found = {
        "f2": derived.res,
        "f3": derived.ck,
        "f4": derived.ik,
        "f5": derived.ak,
        "f5*": algorithm.f5_star(rand),
    }
    if "sqn" in given_values:
        sqn, amf = hx(given_values["sqn"]), hx(given_values["amf"])
        found |= {"f1": algorithm.f1(rand, sqn, amf), "f1*": algorithm.f1_star(rand, sqn, amf)}
    return found


def expected(given_values: dict[str, str]) -> dict[str, bytes]:
    return {name: hx(one) for name, one in given_values.items() if name.startswith("f")}


# -- Milenage


@pytest.mark.parametrize("name", MILENAGE)
def test_milenage_gives_the_published_numbers(name: str) -> None:
    published = MILENAGE[name]
    key, opc = hx(published["k"]), hx(published["opc"])
    assert opc_of(key, hx(published["op"])) == opc
    assert outputs(Milenage(key, opc), published) == expected(published)


def test_a_res_of_milenage_is_cut_to_its_first_bytes() -> None:
    published = MILENAGE["set 1"]
    short = Milenage(hx(published["k"]), hx(published["opc"]), res_size=4)
    assert short.f2345(hx(published["rand"])).res == hx("a54211d5")


def test_constants_of_an_operator_change_every_output_but_keep_its_size() -> None:
    published = MILENAGE["set 1"]
    standard = expected(published)
    own = Milenage(
        hx(published["k"]),
        hx(published["opc"]),
        rotations=bytes((3, 17, 40, 71, 127)),
        constants=bytes(range(80)),
    )
    found = outputs(own, published)
    assert {name for name in found if found[name] == standard[name]} == set()
    assert {name: len(one) for name, one in found.items()} == {
        name: len(one) for name, one in standard.items()
    }


def test_a_rotation_by_128_bits_is_none() -> None:
    published = MILENAGE["set 1"]
    turned = Milenage(
        hx(published["k"]), hx(published["opc"]), rotations=bytes((192, 128, 160, 192, 224))
    )
    assert outputs(turned, published) == expected(published)


# -- 2G values, challenges, resynchronisation


def test_the_2g_values_of_set_1_are_the_published_ones() -> None:
    published = MILENAGE["set 1"]
    assert sres(hx(published["f2"])) == hx("46f8416a")
    assert kc(hx(published["f3"]), hx(published["f4"])) == hx("eae4be823af9a08b")


def test_an_autn_is_taken_apart_and_confirmed() -> None:
    published = MILENAGE["set 1"]
    algorithm = Milenage(hx(published["k"]), hx(published["opc"]))
    found = read_challenge(algorithm, hx(published["rand"]), hx("55f328b43577b9b94a9ffac354dfafb3"))
    assert found.genuine
    assert (found.sqn, found.amf) == (hx("ff9bb4d0b607"), hx("b9b9"))


@pytest.mark.parametrize("bit", range(0, 128, 7))
def test_an_autn_with_one_wrong_bit_is_not_genuine(bit: int) -> None:
    published = MILENAGE["set 1"]
    algorithm = Milenage(hx(published["k"]), hx(published["opc"]))
    autn = int("55f328b43577b9b94a9ffac354dfafb3", 16) ^ 1 << bit
    assert not read_challenge(algorithm, hx(published["rand"]), autn.to_bytes(16)).genuine


def test_auts_hides_the_sequence_number_and_is_computed_with_amf_0000() -> None:
    published = MILENAGE["set 1"]
    algorithm = Milenage(hx(published["k"]), hx(published["opc"]))
    auts = make_auts(algorithm, hx(published["rand"]), hx(published["sqn"]))
    assert auts == hx("ba853f3c123ccf44e93596e355c6")


# -- TUAK


def test_tuak_with_128_bits_gives_the_published_numbers() -> None:
    key = hx(TUAK_128["k"])
    topc = topc_of(key, hx(TUAK_128["top"]))
    assert topc == hx(TUAK_128["topc"])
    assert outputs(Tuak(key, topc, res_size=4), TUAK_128) == expected(TUAK_128)


def test_tuak_with_a_key_of_256_bits_gives_the_published_numbers() -> None:
    key = hx(TUAK_256["k"])
    topc = topc_of(key, hx(TUAK_256["top"]))
    assert topc == hx(TUAK_256["topc"])
    assert outputs(Tuak(key, topc), TUAK_256) == expected(TUAK_256)


def test_the_sizes_of_tuak_are_part_of_its_input() -> None:
    key, rand = hx(TUAK_256["k"]), hx(TUAK_256["rand"])
    long = Tuak(key, hx(TUAK_256["topc"]), ck_size=32, ik_size=32).f2345(rand)
    assert long.res == hx("716ae28d2f5c1ec0")
    assert long.ck == hx("ec60a476844d3e9e672116e03c1e013b68ba6efaac6a766df134a3d4e640eba9")
    assert long.ik == hx("b72bd65501beb2302e0e32d6cfb5dc06e15713b19a7aef57b4b38da399017b6c")
    assert long.ak == hx("96f2939e9c91")


def test_more_iterations_of_tuak_change_every_output() -> None:
    key, topc = hx(TUAK_128["k"]), hx(TUAK_128["topc"])
    once, twice = (
        outputs(Tuak(key, topc, res_size=4, iterations=times), TUAK_128) for times in (1, 2)
    )
    assert {name for name in once if once[name] == twice[name]} == set()


@given(data=st.binary(max_size=135))
def test_the_permutation_is_that_of_shake256(data: bytes) -> None:
    state = bytearray(data.ljust(200, b"\0"))
    state[len(data)] ^= 0x1F
    state[135] ^= 0x80
    lanes = [int.from_bytes(state[at : at + 8], "little") for at in range(0, 200, 8)]
    permuted = b"".join(one.to_bytes(8, "little") for one in keccak_f(lanes))
    assert permuted[:136] == shake_256(data).digest(136)


# -- the USIM test algorithm


@pytest.mark.parametrize(
    ("rand", "sqn", "amf", "autn", "numbers", "auts", "gsm"),
    [
        (
            "00112233445566778899aabbccddeeff",
            "000000001234",
            "8000",
            "3040506062b48000001020305264e070",
            (
                "00102030405060708090a0b0c0d0e0f0",
                "102030405060708090a0b0c0d0e0f000",
                "2030405060708090a0b0c0d0e0f00010",
                "304050607080",
            ),
            "3040506062b40010203052646070",
            ("00000000", "0000000000000000"),
        ),
        (
            "23553cbe9637a89d218ae64dae47bf35",
            "ff9bb4d0b607",
            "b9b9",
            "4209867e2c2eb9b9dccf8a6d24351723",
            (
                "23543ebd9232ae9a2983ec46a24ab13a",
                "543ebd9232ae9a2983ec46a24ab13a23",
                "3ebd9232ae9a2983ec46a24ab13a2354",
                "bd9232ae9a29",
            ),
            "4209867e2c2edccf8a6d2435ae9a",
            ("3aafcd5b", "0529cb4867bfaadd"),
        ),
    ],
)
def test_the_test_algorithm_gives_the_worked_numbers(
    rand: str,
    sqn: str,
    amf: str,
    autn: str,
    numbers: tuple[str, str, str, str],
    auts: str,
    gsm: tuple[str, str],
) -> None:
    algorithm = UsimTestAlgorithm(bytes(range(16)))
    found = read_challenge(algorithm, hx(rand), hx(autn))
    assert found.genuine
    assert (found.sqn, found.amf) == (hx(sqn), hx(amf))
    assert found.derived == tuple(map(hx, numbers))
    assert make_auts(algorithm, hx(rand), hx(sqn)) == hx(auts)
    assert (sres(found.derived.res), kc(found.derived.ck, found.derived.ik)) == tuple(map(hx, gsm))


# -- SUCI

SUCI_A = {
    "home": "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650",
    "private": "c80949f13ebe61af4ebdbd293ea4f942696b9e815d7e8f0096bbf6ed7de62256",
    "public": "b2e92f836055a255837debf850b528997ce0201cb82adfe4be1f587d07d8457d",
    "output": "cb02352410cddd9e730ef3fa87",
}
SUCI_B = {
    "home": "0272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1",
    "private": "99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529",
    "public": "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1",
    "output": "46A33FC2716AC7DAE96AA30A4D",
}
MSIN = hx("00012080f6")


def test_profile_a_gives_the_output_of_annex_c() -> None:
    found = conceal(Scheme.PROFILE_A, hx(SUCI_A["home"]), MSIN, lambda _: hx(SUCI_A["private"]))
    assert found == hx(SUCI_A["public"] + SUCI_A["output"])


def test_profile_b_gives_the_output_of_annex_c() -> None:
    scalar = int(SUCI_B["private"], 16)  # drawn as a number below the order, less one
    found = conceal(
        Scheme.PROFILE_B, hx(SUCI_B["home"]), MSIN, lambda size: (scalar - 1).to_bytes(size)
    )
    assert found == hx(SUCI_B["public"] + SUCI_B["output"])


def test_the_null_scheme_shows_the_identity() -> None:
    assert conceal(Scheme.NULL, b"", MSIN, lambda _: b"") == MSIN


@pytest.mark.parametrize("scheme", [Scheme.PROFILE_A, Scheme.PROFILE_B])
@pytest.mark.parametrize("key", ["", "02", "00" * 32, "02" + "ff" * 32, "04" + "11" * 64])
def test_a_home_network_key_that_is_none_is_refused(scheme: Scheme, key: str) -> None:
    with pytest.raises(UnusableKeyError):
        conceal(scheme, hx(key), MSIN, lambda size: bytes(range(1, size + 1)))


# -- keys and parameters


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Milenage(bytes(15), bytes(16)), "K: 15 bytes, not 16"),
        (lambda: Milenage(bytes(16), bytes(32)), "OPc: 32 bytes, not 16"),
        (
            lambda: Milenage(bytes(16), bytes(16), rotations=bytes(4)),
            "r1 to r5: 4 bytes, not 5",
        ),
        (lambda: Milenage(bytes(16), bytes(16), res_size=16), "4 to 8 bytes, not 16"),
        (lambda: Tuak(bytes(24), bytes(32)), "K: 24 bytes, not 16 or 32"),
        (lambda: Tuak(bytes(16), bytes(16)), "TOPc: 16 bytes, not 32"),
        (lambda: Tuak(bytes(16), bytes(32), res_size=6), "4, 8, 16 or 32 bytes, not 6"),
        (lambda: Tuak(bytes(16), bytes(32), ck_size=8), "16 or 32 bytes, not 8 and 16"),
        (lambda: Tuak(bytes(16), bytes(32), iterations=0), "1 to 255 times, not 0"),
        (lambda: UsimTestAlgorithm(bytes(16), 17), "4 to 16 bytes, not 17"),
        (lambda: opc_of(bytes(16), bytes(15)), "OP: 15 bytes, not 16"),
        (lambda: topc_of(bytes(16), bytes(31)), "TOP: 31 bytes, not 32"),
    ],
)
def test_a_key_or_parameter_of_the_wrong_size_is_refused(make: Any, sentence: str) -> None:
    with pytest.raises(AkaKeyError, match=sentence):
        make()


@pytest.mark.parametrize(
    "algorithm",
    [
        Milenage(b"\xab" * 16, b"\xcd" * 16),
        Tuak(b"\xab" * 16, b"\xcd" * 32),
        UsimTestAlgorithm(b"\xab" * 16),
    ],
)
def test_no_key_is_printed(algorithm: AkaAlgorithm) -> None:
    shown = repr(algorithm)
    assert "ab" not in shown.lower().replace("milenage", "")
    assert "\\xab" not in shown
