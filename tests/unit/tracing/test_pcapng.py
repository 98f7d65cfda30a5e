"""Trace files, our own and those of other programs."""

import builtins
from pathlib import Path
from typing import Any

import dpkt
import pytest
from support.hexes import hx

from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.pcapng import RAW_IP, Datagram, TraceFile, datagrams


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pcapng"


def written(path: Path, *payloads: bytes) -> Path:
    file = TraceFile(path)
    for at, payload in enumerate(payloads, 1_700_000_000):
        file.write(at + 0.25, payload)
    file.close()
    return path


def test_datagrams_are_read_back_with_their_times(path: Path) -> None:
    assert list(datagrams(written(path, b"one", b"two"))) == [
        Datagram(1_700_000_000.25, b"one"),
        Datagram(1_700_000_001.25, b"two"),
    ]


def test_a_file_can_be_read_after_every_flush(path: Path) -> None:
    file = TraceFile(path)
    assert list(datagrams(path)) == []
    file.write(1.0, b"one")
    file.flush()
    assert [one.payload for one in datagrams(path)] == [b"one"]
    file.close()


def test_packets_have_correct_lengths_and_checksums(path: Path) -> None:
    with written(path, b"one").open("rb") as file:
        ((_, packet),) = dpkt.pcapng.Reader(file)
    assert packet[:20] == hx("45 00 001F 0000 0000 40 11 7CCC 7F000001 7F000001")
    assert packet[20:26] == hx("B8BA 1279 000B")


def test_a_file_that_ends_within_a_packet_is_read_up_to_that_packet(path: Path) -> None:
    whole = written(path, b"one", b"two").read_bytes()
    for cut in range(1, 40):
        path.write_bytes(whole[:-cut])
        assert [one.payload for one in datagrams(path)] == [b"one"]


@pytest.mark.parametrize(
    ("link", "before"),
    [(1, bytes(12) + hx("0800")), (113, bytes(14) + hx("0800")), (0, hx("02000000"))],
)
def test_pcap_ethernet_and_other_link_types_are_read_too(
    path: Path, link: int, before: bytes
) -> None:
    udp = dpkt.udp.UDP(sport=1, dport=4729, data=b"one", ulen=11)
    packet = bytes(dpkt.ip.IP(src=bytes(4), dst=bytes(4), p=17, data=udp, len=31))
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file, linktype=link)
        writer.writepkt(before + packet, 1.0)
        writer.writepkt(b"\0", 2.0)
        writer.writepkt(before + packet[:20], 3.0)
    assert [one.payload for one in datagrams(path)] == [b"one"]


@pytest.mark.parametrize("content", [b"", b"hello, this is a text", bytes(100)])
def test_a_file_of_another_kind_is_reported(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"is not a pcapng or pcap file; give a trace"):
        list(datagrams(path))


def test_a_missing_file_is_reported(path: Path) -> None:
    with pytest.raises(TraceError, match=r"x\.pcapng cannot be read \(No such file"):
        list(datagrams(path))
    with pytest.raises(TraceError, match=r"cannot be written \(No such file"):
        TraceFile(path / "y" / "z")


def test_without_dpkt_the_error_says_what_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "dpkt":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TraceError, match=r"pip install 'euicc-sim\[traces\]'"):
        TraceFile(path)
    assert not path.exists()


def test_the_link_type_is_that_of_bare_ip(path: Path) -> None:
    with written(path, b"one").open("rb") as file:
        assert dpkt.pcapng.Reader(file).datalink() == RAW_IP
