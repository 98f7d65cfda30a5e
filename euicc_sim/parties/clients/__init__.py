"""The asking side of interfaces over HTTPS: ES9+ to an SM-DP+, ESipa to an eIM.

A client does what `messages.interfaces` says of the server, with a URL and the CA certificates to
trust. Knows nothing of cards, and nothing of who asks. Needs httpx, of the extra `servers`, from
the first connection on. Start reading at `es9`.
"""

from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.clients.esipa import EsipaClient, EsipaVersion, spoken

__all__ = ["Es9Client", "EsipaClient", "EsipaVersion", "spoken"]
