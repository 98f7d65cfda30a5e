"""An eIM in forty lines: keys, a counter, and packages that a card obeys.

    python small_eim.py card        a folder made by: euicc-sim card new card

Only the signature is cryptography; the rest is DER. It shows what is signed, and what the card says
when the same package comes again.
"""

import sys

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apdu import tlv
from euicc_sim import Card
from euicc_sim.parties.messages import exchange, select_isdr

NAME = b"small-eim"
key = ec.generate_private_key(ec.SECP256R1())
public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def configuration() -> bytes:
    """EimConfigurationData: eimId, counterValue, eimPublicKeyData."""
    return tlv(0x30, tlv(0x80, NAME), tlv(0x83, b"\0"), tlv(0xA5, tlv(0xA0, public[2:])))


def package(eid: bytes, counter: int) -> bytes:
    """An eUICC Package with one operation, listEim; signed over what is sent."""
    signed = tlv(
        0x30, tlv(0x80, NAME), tlv(0x5A, eid), tlv(0x81, bytes((counter,))), tlv(0xA1, tlv(0xAB))
    )
    r, s = utils.decode_dss_signature(key.sign(signed + tlv(0x84, b"\0"), ec.ECDSA(SHA256())))
    return tlv(0xBF51, signed, tlv(0x5F37, r.to_bytes(32) + s.to_bytes(32)))


with Card.open(sys.argv[1]) as card:
    select_isdr(card.transmit)
    print("added  ", exchange(card.transmit, tlv(0xBF57, tlv(0xA0, configuration()))).hex())
    order = package(bytes.fromhex(card.eid), 1)
    for _ in range(2):
        print("ordered", exchange(card.transmit, order).hex())
    print(*(event.text for event in card.take_events()), sep="\n")
