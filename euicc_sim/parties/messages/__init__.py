"""Shared by the parties: errors, interfaces, reading and writing of messages.

Takes and returns bytes and plain values. `encoding` turns messages into values; `package_results`
and `notifications` read what cards sign, and verify it over the bytes as received; `interfaces`
declares an SM-DP+ and an eIM as their clients see them; `apdus` carries ES10 requests to a card.
Knows no party, and keeps no state. Start reading at `interfaces`.
"""

from euicc_sim.parties.messages import json_document, safe_file
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.apdus import (
    SELECT_ISDR,
    StatusWordError,
    Transmit,
    exchange,
    select_isdr,
    store_data,
)
from euicc_sim.parties.messages.download_progress import DownloadProgress, Point
from euicc_sim.parties.messages.encoding import answer, request, with_names
from euicc_sim.parties.messages.errors import (
    EimError,
    EimUnreachableError,
    LpaError,
    NotGenuineError,
    Refusal,
    RemoteSmdppError,
    SmdppError,
)
from euicc_sim.parties.messages.euicc_certificates import certificate_der, eid_of
from euicc_sim.parties.messages.interfaces import (
    CancelReason,
    ClientAuthentication,
    Esipa,
    EventEntries,
    EventEntry,
    EventRegistry,
    RspServer,
    ServerAuthentication,
    Servers,
    events_of,
)
from euicc_sim.parties.messages.package_results import (
    Form,
    Outcome,
    PackageAnswer,
    read_result,
    verify_result,
)

__all__ = [
    "SELECT_ISDR",
    "ActivationCode",
    "ActivationCodeError",
    "Address",
    "AddressError",
    "CancelReason",
    "ClientAuthentication",
    "DownloadProgress",
    "EimError",
    "EimUnreachableError",
    "Esipa",
    "EventEntries",
    "EventEntry",
    "EventRegistry",
    "Form",
    "LpaError",
    "NotGenuineError",
    "Outcome",
    "PackageAnswer",
    "Point",
    "Refusal",
    "RemoteSmdppError",
    "RspServer",
    "ServerAuthentication",
    "Servers",
    "SmdppError",
    "StatusWordError",
    "Transmit",
    "answer",
    "certificate_der",
    "eid_of",
    "events_of",
    "exchange",
    "json_document",
    "read_result",
    "request",
    "safe_file",
    "select_isdr",
    "store_data",
    "verify_result",
    "with_names",
]
