"""One-time keys and the secret they share, against vectors and the library's own."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.hexes import hx
from support.vectors import FOLDER

from euicc_sim.crypto.agreement import make_pair, shared_secret
from euicc_sim.crypto.signature import UnusableKeyError
from keys import Curve

BSP = json.loads((FOLDER / "sgp22-vectors.json").read_text())["bsp"]
CURVES = ["secp256r1", "brainpoolP256r1"]


def test_the_secret_of_the_vectors_from_both_sides() -> None:
    euicc, smdp = BSP["otEUICC"], BSP["otDP"]
    secret = hx(BSP["sharedSecretX"])
    assert shared_secret("secp256r1", hx(euicc["private"]), hx(smdp["public"])) == secret
    assert shared_secret("secp256r1", hx(smdp["private"]), hx(euicc["public"])) == secret


@pytest.mark.parametrize("curve", CURVES)
def test_two_sides_agree(curve: str) -> None:
    one, two = make_pair(curve, lambda n: b"\1" * n), make_pair(curve, lambda n: b"\2" * n)
    secret = shared_secret(curve, one.private, two.public)
    assert secret == shared_secret(curve, two.private, one.public)
    assert len(secret) == 32


@pytest.mark.parametrize("curve", list(Curve))
@pytest.mark.parametrize("byte", [b"\0", b"\x80", b"\xff"])
def test_any_random_bytes_give_a_matching_pair(curve: Curve, byte: bytes) -> None:
    pair = make_pair(curve.standard_name, lambda n: byte * n)
    scalar = int.from_bytes(pair.private)
    assert 1 <= scalar < curve.order
    public = ec.derive_private_key(scalar, curve.implementation).public_key()
    assert public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == pair.public
    assert len(pair.private) == 32


def test_the_least_scalar_is_one_and_the_greatest_is_order_minus_one() -> None:
    order = Curve.NIST.order
    for value, scalar in ((0, 1), (order - 2, order - 1), (order - 1, 1)):

        def random(n: int, value: int = value) -> bytes:
            return value.to_bytes(n)

        assert int.from_bytes(make_pair("secp256r1", random).private) == scalar


@pytest.mark.parametrize("curve", CURVES)
def test_a_point_that_is_not_on_the_curve_is_not_a_key(curve: str) -> None:
    pair = make_pair(curve, lambda n: b"\1" * n)
    other = make_pair(CURVES[1 - CURVES.index(curve)], lambda n: b"\1" * n)
    for public in (b"", b"\0", b"\4" + bytes(64), pair.public[:-1], other.public):
        with pytest.raises(UnusableKeyError, match=f"not a point on {curve}"):
            shared_secret(curve, pair.private, public)


def test_a_private_key_is_not_printed() -> None:
    pair = make_pair("secp256r1", lambda n: b"\1" * n)
    assert "private" not in repr(pair)
