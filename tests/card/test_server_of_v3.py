"""What a server of SGP.22 v3 sends to a card, and a card that announces v3 (highestSvn).

The bytes of ServerSigned1 and ctxParams1 are those of GSMA's module of v3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.eims import ask, check_signature, tlv
from support.es10 import SELECT_ISDR, es10
from support.fresh import fresh_card, pki_in
from support.hexes import hx
from support.judge import SGP22_V2_6, SGP22_V3_1, judged, without_level
from support.server import (
    Server,
    authenticated,
    challenge,
    euicc_key,
    prepared,
    refusal,
    signature_of,
)

from euicc_sim import Card, CardError
from euicc_sim.model.state import Strictness, Switches
from keys import Curve

Send = Callable[[bytes], bytes]

UNDEFINED, UNKNOWN_KEY = 127, 7
STRICT = Switches(strictness=Strictness.STRICT)
COMMON_V3 = hx(
    "A032 8003414243 A123 800435290611 A111 8003050000 8B03030100 8C0205E0 8D0100"
    "A304 0C02656E 850200C5 820206C0 A302 8100"
)
DEVICE_CHANGE = hx(
    "A149 5A0A98880368052182801700 A123 800435290611 A111 8003050000 8B03030100 8C0205E0 8D0100"
    "A304 0C02656E 850200C5 5A1089049032000000000000000000000123 820435290611"
)


@pytest.fixture
def server(pki_folder: Path) -> Server:
    return Server.below(pki_in(pki_folder).branch(Curve.NIST).ci)


def signed_v3(server: Server, card: bytes, *context: bytes) -> bytes:
    """ServerSigned1 with a sessionContext."""
    plain = server.server_signed1(card)
    return tlv("30", plain[2:], tlv("A5", *context), hx("860206C0"))


def key(server: Server) -> tuple[bytes, ...]:
    return hx("8003030100"), hx("810100"), tlv("82", server.ci_pk_id)


def request(server: Server, signed: bytes, context: bytes = COMMON_V3) -> bytes:
    """AuthenticateServer without euiccCiPKIdToBeUsed."""
    signature = signature_of(server.auth.key, signed)
    return tlv("BF38", signed, tlv("5F37", signature), server.auth.der, context)


def test_the_module_of_v3_reads_what_these_tests_send(server: Server) -> None:
    sent = judged(
        "AuthenticateServerRequest",
        request(server, signed_v3(server, bytes(16), *key(server))),
        SGP22_V3_1,
    )
    assert "euiccCiPKIdToBeUsed" not in sent
    assert sent["serverSigned1"]["sessionContext"]["euiccCiPKIdToBeUsedV3"] == server.ci_pk_id


def test_the_ci_key_is_that_of_the_session_context_if_the_request_names_none(
    isdr: Send, server: Server
) -> None:
    signed = signed_v3(server, challenge(isdr), *key(server))
    answer = es10(isdr, request(server, signed))
    parts = authenticated(answer)
    assert parts["euiccSigned1"].endswith(COMMON_V3)
    check_signature(euicc_key(answer), parts["euiccSignature1"], parts["euiccSigned1"])
    assert prepared(ask(isdr, server.prepare(parts["euiccSignature1"])))


def test_a_key_of_the_request_comes_first(isdr: Send, server: Server) -> None:
    signed = signed_v3(server, challenge(isdr), tlv("82", bytes(20)))
    assert authenticated(ask(isdr, server.authenticate(b"", signed=signed)))


def test_a_key_of_the_session_context_that_the_card_lacks_is_unknown(
    isdr: Send, server: Server
) -> None:
    signed = signed_v3(server, challenge(isdr), tlv("82", bytes(20)))
    assert ask(isdr, request(server, signed)) == refusal("BF38", UNKNOWN_KEY)


@pytest.mark.parametrize("context", [(), (hx("8003030100"), hx("810100"))])
def test_without_either_no_key_is_named(
    isdr: Send, card: Card, server: Server, context: tuple[bytes, ...]
) -> None:
    signed = signed_v3(server, challenge(isdr), *context)
    assert ask(isdr, request(server, signed)) == refusal("BF38", UNDEFINED)
    assert "no CI key is named" in card.take_events()[-1].text


def test_a_plain_request_without_the_key_is_refused(isdr: Send, server: Server) -> None:
    signed = server.server_signed1(challenge(isdr))
    assert ask(isdr, request(server, signed)) == refusal("BF38", UNDEFINED)


def test_device_change_is_refused_since_the_card_does_not_announce_it(
    isdr: Send, server: Server
) -> None:
    signed = signed_v3(server, challenge(isdr), *key(server))
    assert ask(isdr, request(server, signed, DEVICE_CHANGE)) == refusal("BF38", UNDEFINED)


@pytest.fixture
def strict(card: Card, isdr: Send) -> Send:
    card.set_switches(STRICT)
    return isdr


def test_a_strict_card_of_v2_insists_on_the_key_of_the_request(
    strict: Send, server: Server
) -> None:
    signed = signed_v3(server, challenge(strict), *key(server))
    assert ask(strict, request(server, signed)) == refusal("BF38", UNDEFINED)


# -- highestSvn


@pytest.fixture
def announcing(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    options = {"card_type": "consumer", "sgp22": "2.7", "highest_svn": "3.1.0"}
    with Card.open(fresh_card(tmp_path / "v3", pki_folder, **options), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        yield card


def test_the_version_of_v3_is_in_both_infos_beside_that_of_v2(announcing: Card) -> None:
    info1, info2 = (es10(announcing.transmit, hx(one)) for one in ("BF2000", "BF2200"))
    assert info1[3:8] == hx("8203020700")
    assert info1.endswith(hx("9303030100"))
    assert info2.endswith(hx("9303030100 95010C"))
    found = judged("EUICCInfo1", info1, SGP22_V3_1)
    assert (found["lowestSvn"], found["highestSvn"]) == (hx("020700"), hx("030100"))
    found = judged("EUICCInfo2", without_level(info2), SGP22_V3_1)
    assert (found["lowestSvn"], found["highestSvn"]) == (hx("020700"), hx("030100"))
    judged("EUICCInfo1", info1[:2] + bytes([info1[2] - 5]) + info1[3:-5], SGP22_V2_6)


def test_a_strict_card_that_announces_v3_takes_the_key_of_the_session_context(
    announcing: Card, server: Server
) -> None:
    announcing.set_switches(STRICT)
    signed = signed_v3(server, challenge(announcing.transmit), *key(server))
    answer = es10(announcing.transmit, request(server, signed))
    assert authenticated(answer)["euiccSigned1"].endswith(COMMON_V3)


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("3.x", "'3.x' is not a version; write highestSvn like 3.1.0"),
        ("3.256", "'3.256' is not a version; write highestSvn like 3.1.0"),
        (
            "2.5.0",
            "highestSvn 2.5.0 is not above the card's own svn, 2.5; "
            "choose a later one, such as 3.1.0",
        ),
    ],
)
def test_a_version_that_cannot_be_announced_is_a_sentence(
    tmp_path: Path, version: str, sentence: str
) -> None:
    with pytest.raises(CardError) as caught:
        Card.create(tmp_path / "new", highest_svn=version)
    assert str(caught.value) == sentence
    assert not (tmp_path / "new").exists()
