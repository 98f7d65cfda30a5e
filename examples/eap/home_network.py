"""The home network of one SIM, for hostapd's EAP server: who answers on its eap_sim_db socket.

    python home_network.py SOCKET [K OPC]

Without keys it is the network of euicc-sim's test Profile. EAP-AKA and EAP-AKA' only.
"""

import os
import socket
import sys
from pathlib import Path

from euicc_sim.crypto.milenage import Milenage
from euicc_sim.formats.saip.sample import OPC, K

AMF, STEP = bytes.fromhex("8000"), 32


def xor(one: bytes, other: bytes) -> bytes:
    """The bits in which two values of one length differ."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def vector(keys: Milenage, sqn: int) -> str:
    """A challenge with that sequence number, and what the SIM has to answer."""
    rand, number = os.urandom(16), sqn.to_bytes(6)
    due = keys.f2345(rand)
    autn = xor(number, due.ak) + AMF + keys.f1(rand, number, AMF)
    return " ".join(one.hex() for one in (rand, autn, due.ik, due.ck, due.res))


def main(path: str, k: bytes = K, opc: bytes = OPC) -> None:
    """Answer until somebody ends it."""
    keys, sqn = Milenage(k, opc), 0
    Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mine:
        mine.bind(path)
        while True:
            asked, asker = mine.recvfrom(2000)
            what, imsi, *rest = asked.decode().split()
            print(what, imsi, flush=True)
            if what == "AKA-REQ-AUTH":
                sqn += STEP
                mine.sendto(f"AKA-RESP-AUTH {imsi} {vector(keys, sqn)}".encode(), asker)
            elif what == "AKA-AUTS":  # the SIM has seen higher numbers: go on from there
                auts, rand = map(bytes.fromhex, rest)
                sqn = int.from_bytes(xor(auts[:6], keys.f5_star(rand)))


if __name__ == "__main__":
    main(sys.argv[1], *map(bytes.fromhex, sys.argv[2:4]))
