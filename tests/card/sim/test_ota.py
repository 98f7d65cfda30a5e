"""Remote file management by SMS, judged by pySim's OTA code (597f1e0).

It wrote the command packets, with the keys 66..10 and 11..10 and the counters that the names say,
and it read each proof of receipt that is expected here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hexes import hx
from support.saip import element, package
from support.sim_packages import USIM_AID, mf, usim
from support.sims import ISIM_AID, Send, arr, copied, isim, make_sim

from apdu.tlv import tlv
from euicc_sim import Card

SECURITY_DOMAIN, RFM = 0xA6, 0xA7
KIC, KID = hx("66778899AABBCCDD1122334455EEFF10"), hx("112233445566778899AABBCCDDEEFF10")
SD_AID = hx("A000000151000000")
OK = "0271 0000 0E 0A B00140 0000000000 00 00"


def key(version: int, identifier: int, kind: int, value: bytes) -> bytes:
    """KeyObject with one KeyComponent."""
    component = tlv(0x30, tlv(0x80, bytes((kind,))), tlv(0x86, value))
    head = tlv(0x95, b"\x18"), tlv(0x82, bytes((identifier,))), tlv(0x83, bytes((version,)))
    return tlv(0x30, *head, tlv(0x30, component))


def security_domain(number: int) -> bytes:
    """PE-SecurityDomain with keys of version 1 (3DES) and 2 (AES)."""
    instance = (*(tlv(0x4F, SD_AID) for _ in range(3)), tlv(0x82, b"\0"), tlv(0xC9, b""))
    keys = (
        key(version, identifier, kind, value)
        for version, kind in ((1, 0x80), (2, 0x88))
        for identifier, value in ((1, KIC), (2, KID))
    )
    return element(SECURITY_DOMAIN, number, tlv(0xA1, *instance), tlv(0xA2, *keys))


def rfm(number: int, tar: str, security: str, *, aid: bytes = b"", access: str = "00") -> bytes:
    """PE-RFM for the files of the UICC, or of an application."""
    domain = tlv(0x04, hx(access))
    adf = tlv(0x30, tlv(0x80, aid), tlv(0x81, hx(access)), tlv(0x82, b"\0")) if aid else b""
    tars, least = tlv(0xA0, tlv(0x04, hx(tar))), tlv(0x81, hx(security))
    names = tlv(0x4F, SD_AID)
    return element(RFM, number, names, tars, least, domain, tlv(0x04, b"\0"), adf)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Path:
    given = package(
        elements=(
            mf(arr(), pins=""),
            usim({4: arr()}),
            isim(),
            security_domain(20),
            rfm(21, "B00120", "06"),
            rfm(22, "B00140", "02", aid=USIM_AID),
            rfm(23, "B00141", "02", aid=ISIM_AID, access="FF"),
        )
    )
    return make_sim(tmp_path_factory.mktemp("ota") / "card", pki_folder, given)


@pytest.fixture
def card(tmp_path: Path, template: Path) -> Iterator[Card]:
    with Card.open(copied(template, tmp_path / "card"), fsync=False) as card:
        card.reset()
        yield card


def envelope(packet: bytes, *, header: str = "02 7000") -> bytes:
    """ENVELOPE with an SMS-DELIVER that has the packet in it."""
    user = hx(header) + packet
    tpdu = hx("44 05 8121 43F5 7F F6") + bytes(7) + bytes((len(user),)) + user
    body = tlv(0xD1, hx("8202 8381"), tlv(0x8B, tpdu))
    return hx("80C2 0000") + bytes((len(body),)) + body + b"\0"


def receipt(send: Send, packet: str) -> str:
    """The proof of receipt of a packet, and the status word."""
    given = hx(packet)
    if given[0]:  # pySim leaves CPL out where nothing is ciphered
        given = len(given).to_bytes(2) + given
    return send(envelope(given)).hex().upper()


READ_IMSI = "00281516192222B0014051E6C191BC4A355139D37902C5B129842D055C8D10716545C7BA09F20157C93C"
CIPHERED = {
    "AES, READ BINARY of EF.IMSI, counter 1": (
        READ_IMSI,
        "027100002412B00140F1872A86F22A517F97674121032C474046F0E1E750BB640C3262132A3873C861",
    ),
    "AES, READ BINARY of EF.ICCID, counter 2": (
        "00281516192222B001206FA10202B29EF1CC12F9C5BA30F8258B53BBDAE56A3EE1BD521F315CFABFDE23",
        "027100002412B001208023ACB2E21C43033C46C7094B79EF37F24182D19D0C175FD96F74CCE9468967",
    ),
    "AES, UPDATE BINARY of EF.FPLMN, counter 3": (
        "00381516192222B00140E2F9FF9B9BFC3448731FBBB74749B6B5F01FC43D75CA136F0CE50681011C405FA257"
        "8095641E3CD8887971C70945A4E1",
        "027100002412B00140F897DE181EF6E7B0AC3CF5D0CFEC7AEA0659F0527D492F4245B5F0060EAC7941",
    ),
    "AES, an unknown TAR": (
        "00281516192222B09999FFEDCBC7E75B2EC3CC0C23DD8F0C59B0A0601D4F0EFA756837F960D12F1CC47B",
        "027100001412B09999DCFDF5F8222D7990841441CBBD3C6199",
    ),
    "3DES, READ BINARY of EF.IMSI, counter 1": (
        "00281516191515B00140504549CC5B35FDC61E95201EC7145A8782D0C3A1014AF9901EFD4D9D7D253961",
        "027100002412B00140868A98A1257D989C14F130394025808F8018ED8F018BBC597E5C91D439B1F8B4",
    ),
    "3DES, UPDATE BINARY of EF.FPLMN, counter 3": (
        "00301516191515B001404160F5813F7686DAA21790564726B94BC724D2BBDB323D44E629CA87FD9514C399B4"
        "D572127F3CED",
        "027100001C12B001403705E97D4C3A98C054CD7F434EAA98C1DCF015C982850BC0",
    ),
    "3DES, an unknown TAR": (
        "00201516191515B099998D360C8B9D1786FAEBBFA49BDE58BBBA42AD33EC890E6CBC",
        "027100001412B09999BCF6E6BAEA184698DD5B0A6CC101868C",
    ),
}


@pytest.mark.parametrize("name", CIPHERED)
def test_a_proof_of_receipt_is_ciphered_and_signed(card: Card, name: str) -> None:
    packet, proof = CIPHERED[name]
    assert receipt(card.transmit, packet) == f"{proof}9000"


PLAIN = {
    "plain proof": (
        "00281516012222B0014044BCBE81ACF97A62CCAB6656F4074784A6A57D18DC8B1ACDDF41418960095B74",
        "0271000017 0A B00140 0000000000 0000 02 9000 080910101032540636 9000",
    ),
    "no proof": (
        "00281516002222B0014025F9BDB378A10644A315EBFEB4364C09E889DBBDD81D7DBAE843368789063069",
        "9000",
    ),
    "a proof of errors only, and none": (
        "00281516022222B0014040BD99E01BF12B41409F6DAB35B7E6D240D87FB75B6E0849728D6F4B0AD4D8B9",
        "9000",
    ),
    "signed and not ciphered": (
        "1512012222B001400000000005004188F0856C7C644800A40000026F0700B0000009",
        "027100001A 0A B00140 0000000000 0000 02 9000 080910101032540636 9000",
    ),
    "neither signed nor ciphered": (
        "0D00012222B0014000000000000000A40000026F0700B0000009",
        "027100000E 0A B00140 0000000000 000A 9000",
    ),
    "a command that is not of file management": (
        "00281516012222B00140148F1A2765DD06D7442422D33E0246D014E2607565529C39D7C29F87F201F9B0",
        "0271000011 0A B00140 0000000000 0000 01 6D00 9000",
    ),
    "a file that is not there": (
        "00281516012222B001403BAECAFFFBAB9C4A3CD55BD11A70D9AA2297C5341C81217D5F92E566BE09BB51",
        "0271000011 0A B00140 0000000000 0000 01 6A82 9000",
    ),
    "an application without access": (
        "00281516012222B001414A1E782D062AF48989A4C08FCB3F73A4BE0439AC30DA808DF1E0752E56EBEF94",
        "0271000011 0A B00141 0000000000 0000 02 6982 9000",
    ),
    "a counter of exactly one more": (
        "0028151E012222B001408B53564198A19599195E607DBF6FE71F7C062A3A04EB5526A616F807CD1BB8A1",
        "0271000017 0A B00140 0000000000 0000 02 9000 080910101032540636 9000",
    ),
    "a counter of more than one more": (
        "0028151E012222B00140D43A11D8E1AD6321F22B2D72A2B27137339325EE11C40644C13BC3ACA43C5496",
        "027100000E 0A B00140 0000000000 0003 9000",
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_proof_of_receipt_says_what_came_of_it(card: Card, name: str) -> None:
    packet, proof = PLAIN[name]
    found = receipt(card.transmit, packet)
    assert found[:6] + found[10:] == proof.replace(" ", "")[:6] + proof.replace(" ", "")[10:]
    if len(found) > 4:
        assert int(found[6:10], 16) == len(found) // 2 - 7


def test_what_was_written_is_kept_and_the_counter_never_goes_back(card: Card) -> None:
    update, proof = CIPHERED["AES, UPDATE BINARY of EF.FPLMN, counter 3"]
    assert receipt(card.transmit, update) == f"{proof}9000"
    card.take_events()
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.reset()
        replayed = receipt(again.transmit, update)
        assert replayed != f"{proof}9000"
        assert again.take_events()[-1].text == (
            "ENVELOPE: remote file management, TAR B00140: refused, counter 3 is not above 3"
        )
        assert any(one.content for one in again.state.profiles[0].sim.files.values())


def test_a_wrong_checksum_executes_nothing_and_takes_no_counter(card: Card) -> None:
    before = card.state
    broken = f"{READ_IMSI[:-2]}00"
    receipt(card.transmit, broken)
    assert "the cryptographic checksum is wrong" in card.take_events()[-1].text
    assert card.state == before


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (f"0027{READ_IMSI[4:-2]}", "the ciphered data are not whole blocks"),
        (READ_IMSI.replace("192222", "193333", 1), "the Profile has no such KIc"),
        ("0D00012222B0012000000000000000A40000022FE2", "its security 00 is below the minimum 06"),
        ("0D00012222B0014000000000", "the packet is too short"),
        (
            "1101012222B001400000000000001122334400A40000026F07",
            "this card has neither RC nor DS, only CC",
        ),
        (READ_IMSI.replace("192222", "192232", 1), "the Profile has no such KID"),
        ("0D00012222B00140000000000009AA", "there is more padding than data"),
    ],
)
def test_what_is_refused_is_told_with_its_reason(card: Card, packet: str, why: str) -> None:
    before = card.state
    assert receipt(card.transmit, packet).endswith("9000")
    assert card.take_events()[-1].text.endswith(f"refused, {why}")
    assert card.state == before


def test_no_key_is_printed(card: Card) -> None:
    contents = card._present_sim().tree.contents
    assert contents.remote_keys
    assert KIC.hex() not in repr(contents.remote_keys).lower()
    assert "fw" not in repr(contents.remote_keys)
