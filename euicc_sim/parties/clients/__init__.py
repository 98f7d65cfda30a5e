"""The client side over HTTPS: ES2+ and ES9+ to an SM-DP+, ES11 and ES12 to an SM-DS, ESipa
and orders to an eIM.

A client implements the server's interface in `messages.interfaces`, for a URL and the CA
certificates to trust. Knows nothing of cards or of its callers. Needs httpx, from the extra
`servers`, from the first connection on. Start reading at `es9`.
"""

from euicc_sim.parties.clients.eim_orders import OrderClient
from euicc_sim.parties.clients.eim_tls import EimTls
from euicc_sim.parties.clients.es2plus import ConfirmedOrder, Es2PlusClient
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.clients.es11 import Es11Client
from euicc_sim.parties.clients.es12 import Es12Client, EventRegistries
from euicc_sim.parties.clients.esipa import IPAE, Binding, EsipaClient, EsipaVersion, spoken
from euicc_sim.parties.clients.https import url_of
from euicc_sim.parties.clients.smdpps import Smdpps

__all__ = [
    "IPAE",
    "Binding",
    "ConfirmedOrder",
    "EimTls",
    "Es2PlusClient",
    "Es9Client",
    "Es11Client",
    "Es12Client",
    "EsipaClient",
    "EsipaVersion",
    "EventRegistries",
    "OrderClient",
    "Smdpps",
    "spoken",
    "url_of",
]
