"""ES10 requests over APDUs, the way an IPA sends them; shares nothing with the card."""

from collections.abc import Callable

Send = Callable[[bytes], bytes]

SELECT_ISDR = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")


def es10(send: Send, request: bytes, *, channel: int = 0, block: int = 255) -> bytes:
    """Send a request in STORE DATA blocks and fetch the whole answer; its last SW must be 9000."""
    answer, sw = es10_sw(send, request, channel=channel, block=block)
    if sw != 0x9000:
        raise AssertionError(f"{request.hex()} was answered {sw:04X}")
    return answer


def es10_sw(send: Send, request: bytes, *, channel: int = 0, block: int = 255) -> tuple[bytes, int]:
    """Send a request in STORE DATA blocks; the answer's data and its last status word."""
    pieces = [request[i : i + block] for i in range(0, len(request), block)] or [b""]
    cla = 0x80 | channel if channel < 4 else 0xC0 | (channel - 4)
    response = b""
    for number, piece in enumerate(pieces):
        p1 = 0x91 if number == len(pieces) - 1 else 0x11
        head = bytes((cla, 0xE2, p1, number & 0xFF, len(piece)))
        response = send(head + piece)
        if response[-2] not in (0x90, 0x61):
            break
    data = response[:-2]
    while response[-2] == 0x61:
        response = send(bytes((cla, 0xC0, 0, 0, response[-1])))
        data += response[:-2]
    return data, int.from_bytes(response[-2:])
