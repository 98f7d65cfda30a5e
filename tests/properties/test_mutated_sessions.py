"""Requests of a server with bytes that another put there: each has an answer that says no."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.es10 import SELECT_ISDR, es10_sw
from support.fresh import fresh_card
from support.server import Server, challenge

from euicc_sim import Card
from keys import Curve, TestPki

Send = Callable[[bytes], bytes]

spoils = st.lists(
    st.tuples(st.integers(min_value=0, max_value=3000), st.integers(min_value=1, max_value=255)),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)


@pytest.fixture(scope="module")
def send(tmp_path_factory: pytest.TempPathFactory, pki_folder: Path) -> Iterator[Send]:
    folder = tmp_path_factory.mktemp("mutated") / "card"
    with Card.open(fresh_card(folder, pki_folder), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        yield card.transmit


@pytest.fixture(scope="module")
def server(pki_folder: Path) -> Server:
    return Server.below(TestPki.load(pki_folder).branch(Curve.NIST).ci)


def spoilt(request: bytes, size: int, changes: list[tuple[int, int]]) -> bytes:
    """Other bytes after the four of the outer header, within the first `size`."""
    found = bytearray(request)
    for at, mask in changes:
        found[4 + at % (size - 4)] ^= mask
    return bytes(found)


@given(changes=spoils)
def test_a_spoilt_authenticate_server_is_refused(
    send: Send, server: Server, changes: list[tuple[int, int]]
) -> None:
    request = server.authenticate(challenge(send))
    signed = len(request) - 37  # ctxParams1 is not signed, so another one is not a mistake
    wrong = spoilt(request, signed, changes)
    if wrong != request:
        answer, sw = es10_sw(send, wrong)
        assert sw == 0x6A80 or (sw == 0x9000 and answer[3] == 0xA1)


@given(changes=spoils)
def test_a_spoilt_prepare_download_is_refused(
    send: Send, server: Server, changes: list[tuple[int, int]]
) -> None:
    request = server.prepare(server.session(send))
    wrong = spoilt(request, len(request), changes)
    if wrong != request:
        answer, sw = es10_sw(send, wrong)
        assert sw == 0x6A80 or (sw == 0x9000 and answer[3] == 0xA1)
