"""A card that repeats what another one has said: the floor for a card in the same kind of reader.

It shares no code with the product, and does as little as a card in Python can. Arguments: a file
with the ATR, then commands and their responses in turn, one per line in hex; the port of its slot.
Repeated commands get their responses in turn.
"""

import socket
import sys
from collections import defaultdict, deque
from pathlib import Path


def main() -> None:
    """Connect to the slot and answer until vpcd is gone."""
    atr, *lines = (bytes.fromhex(one) for one in Path(sys.argv[1]).read_text().split())
    answers: defaultdict[bytes, deque[bytes]] = defaultdict(deque)
    for command, answer in zip(lines[::2], lines[1::2], strict=True):
        answers[command].append(len(answer).to_bytes(2) + answer)
    with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as sock:
        while True:
            length = sock.recv(2, socket.MSG_WAITALL)
            if not length:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            message = sock.recv(int.from_bytes(length), socket.MSG_WAITALL)
            if message == b"\x04":
                sock.sendall(len(atr).to_bytes(2) + atr)
            elif len(message) > 1:
                known = answers[message]
                known.rotate(-1)
                sock.sendall(known[-1] if known else b"\0\2\x6d\0")


if __name__ == "__main__":
    main()
