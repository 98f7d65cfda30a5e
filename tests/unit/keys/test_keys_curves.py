import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from keys import Curve, PkiError
from keys.source import RandomKeys, SeededKeys, key_source


@pytest.mark.parametrize(
    ("curve", "name", "standard"),
    [(Curve.NIST, "NIST", "secp256r1"), (Curve.BRP, "BRP", "brainpoolP256r1")],
)
def test_a_curve_has_its_sgp26_and_its_standard_name(
    curve: Curve, name: str, standard: str
) -> None:
    assert (curve.value, curve.standard_name) == (name, standard)


@pytest.mark.parametrize("curve", Curve)
def test_n_minus_one_times_g_is_minus_g(curve: Curve) -> None:
    first = ec.derive_private_key(1, curve.implementation).public_key().public_numbers()
    last = ec.derive_private_key(curve.order - 1, curve.implementation)
    mirrored = last.public_key().public_numbers()
    assert mirrored.x == first.x
    assert mirrored.y != first.y


@pytest.mark.parametrize("curve", Curve)
def test_the_curve_of_a_key_is_found_from_either_half(curve: Curve) -> None:
    key = ec.generate_private_key(curve.implementation)
    assert Curve.of(key) is curve
    assert Curve.of(key.public_key()) is curve


def test_an_unknown_curve_is_refused_by_name() -> None:
    with pytest.raises(PkiError, match="secp384r1"):
        Curve.of(ec.generate_private_key(ec.SECP384R1()))


@pytest.mark.parametrize("curve", Curve)
def test_a_seeded_key_repeats(curve: Curve) -> None:
    one, other = (SeededKeys(5).key(curve, "CI").private_numbers() for _ in range(2))
    assert one == other


def test_seed_label_and_curve_each_change_the_key() -> None:
    scalars = {
        SeededKeys(seed).key(curve, label).private_numbers().private_value
        for seed in (1, 2)
        for label in ("CI", "EUM")
        for curve in Curve
    }
    assert len(scalars) == 8


def test_random_keys_do_not_repeat() -> None:
    one, other = (RandomKeys().key(Curve.NIST, "CI").private_numbers() for _ in range(2))
    assert one != other


def test_a_seeded_serial_number_always_has_eight_bytes_and_is_positive() -> None:
    numbers = [SeededKeys(seed).serial(Curve.NIST, "CI") for seed in range(50)]
    assert {number.bit_length() for number in numbers} == {63}


def test_no_seed_means_random_keys() -> None:
    assert key_source(None) == RandomKeys()


def test_seed_zero_is_a_seed() -> None:
    assert key_source(0) == SeededKeys(0)


@pytest.mark.parametrize("seed", [None, 1])
def test_an_openssl_without_the_curve_is_reported(
    seed: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object) -> None:
        raise UnsupportedAlgorithm("curve")

    monkeypatch.setattr(ec, "generate_private_key", lacking)
    monkeypatch.setattr(ec, "derive_private_key", lacking)
    with pytest.raises(PkiError, match="does not support brainpoolP256r1"):
        key_source(seed).key(Curve.BRP, "CI")
