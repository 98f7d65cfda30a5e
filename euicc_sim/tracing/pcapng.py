"""Trace files: UDP datagrams in pcapng, written and read with dpkt.

dpkt is imported only when it is needed: a card without a trace does not need it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.gsmtap import PORT

RAW_IP = 101
"""LINKTYPE_RAW: packets begin with the IP header."""

_SNAPLEN = 0x40000
_LOOPBACK = b"\x7f\0\0\1"
_SENDER_PORT = 47290
_MAX_PACKET = 0xFFFF
_LINKS = {
    0: ("loopback", "Loopback"),
    1: ("ethernet", "Ethernet"),
    12: ("ip", "IP"),
    14: ("ip", "IP"),
    RAW_IP: ("ip", "IP"),
    108: ("loopback", "Loopback"),
    113: ("sll", "SLL"),
    228: ("ip", "IP"),
    276: ("sll2", "SLL2"),
}
"""Each link type, and the module and class of dpkt for its outermost header."""


class Datagram(NamedTuple):
    """The payload of a UDP packet, and its time (seconds since 1970)."""

    at: float
    payload: bytes


class TraceFile:
    """A pcapng file being written, in place of an earlier one. Close it.

    Raises TraceError when dpkt is missing or the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._dpkt = _dpkt()
        self.path = path
        try:
            self._file: BinaryIO = path.open("wb")
            self._writer = self._dpkt.pcapng.Writer(self._file, snaplen=_SNAPLEN, linktype=RAW_IP)
            self._file.flush()
        except OSError as error:
            raise TraceError(
                f"{path} cannot be written ({error.strerror or error}); choose a different file."
            ) from error

    def write(self, at: float, payload: bytes) -> None:
        """Add a datagram, from and to 127.0.0.1. Raises OSError."""
        udp = self._dpkt.udp.UDP(sport=_SENDER_PORT, dport=PORT, data=payload)
        udp.ulen = len(udp)
        packet = self._dpkt.ip.IP(src=_LOOPBACK, dst=_LOOPBACK, p=17, data=udp)
        packet.len = len(packet)
        self._writer.writepkt(bytes(packet), at)

    def flush(self) -> None:
        """Write what is buffered to the file. Raises OSError."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close the file. Raises OSError."""
        self._file.close()


def datagrams(path: Path) -> Iterator[Datagram]:
    """The UDP payloads of a pcapng or pcap file, in order.

    A file that ends in the middle of a packet is read up to that packet. Raises TraceError.
    """
    dpkt = _dpkt()
    damage = (dpkt.Error, struct.error, ValueError, EOFError)
    try:
        with path.open("rb") as file:
            try:
                reader = dpkt.pcap.UniversalReader(file)
            except damage as error:
                raise TraceError(
                    f"{path} is not a pcapng or pcap file; give a trace from serve --trace."
                ) from error
            yield from _payloads(dpkt, reader, damage)
    except OSError as error:
        raise TraceError(
            f"{path} cannot be read ({error.strerror or error}); give a different file."
        ) from error


def _payloads(dpkt: Any, reader: Any, damage: tuple[type[Exception], ...]) -> Iterator[Datagram]:
    module, name = _LINKS.get(reader.datalink(), ("ip", "IP"))
    first_layer = getattr(getattr(dpkt, module), name)
    packets = iter(reader)
    while True:
        try:
            found = next(packets, None)
        except damage:
            return
        if found is None:
            return
        at, packet = found
        try:
            layer = first_layer(packet)
        except damage:
            continue
        while isinstance(layer, dpkt.Packet) and not isinstance(layer, dpkt.udp.UDP):
            layer = layer.data
        if isinstance(layer, dpkt.udp.UDP):
            yield Datagram(float(at), bytes(layer.data))


def _dpkt() -> Any:
    try:
        import dpkt
    except ImportError as error:
        raise TraceError(
            "Traces need dpkt; install it with: pip install 'euicc-sim[traces]'"
        ) from error
    return dpkt
