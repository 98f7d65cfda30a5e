"""JSON over HTTP as ES2+, ES9+ and ESipa have it: headers, fields and status codes.

SGP.22 clause 6.5, SGP.32 clause 6.1.2. Knows no function.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

from starlette.responses import Response

from euicc_sim.parties.messages import Refusal, SmdppError
from euicc_sim.servers import Log
from euicc_sim.servers.request_body import json_of

T = TypeVar("T")

PROTOCOL = "gsma/rsp/v2.5.0"
"""The value of X-Admin-Protocol."""
MESSAGE_AT_MOST = 128
"""The maximum size of statusCodeData.message in characters of printable ASCII, as lpac has room for
no more; the log has it all."""

NO_CONTENT = 204


@dataclass
class Call:
    """A function call, for the log; `about` says of what, as far as that is known at its end."""

    log: Log
    name: str
    about: Callable[[], str] = lambda: ""

    def done(self, outcome: str) -> None:
        """Log that it was carried out."""
        self.log(f"{self.name}: {self.about()}{outcome}")

    def refused(self, error: SmdppError) -> None:
        """Log that it was refused, with all of the sentence."""
        codes = f"{error.subject}/{error.reason}"
        self.log(f"{self.name}: {self.about()}refused {codes}: {error}", refused=True)


@dataclass(frozen=True)
class Given:
    """The fields of a request for `function`.

    Reading raises SmdppError for a missing or malformed field.
    """

    function: str
    fields: Mapping[str, object]

    @classmethod
    def of(cls, function: str, body: object) -> Self:
        """The fields of a body, which must be an object."""
        if not isinstance(body, dict):
            raise SmdppError(
                Refusal.MALFORMED, f"{function} needs a JSON object. Send the fields in one."
            )
        return cls(function, body)

    def text(self, name: str) -> str:
        """A string."""
        return self._read(name, str)

    def data(self, name: str) -> bytes:
        """Bytes in base64."""
        return self._read(name, _bytes)

    @property
    def transaction(self) -> bytes:
        """The transactionId, in hex."""
        return self._read("transactionId", bytes.fromhex)

    def _read(self, name: str, read: Callable[[str], T]) -> T:
        value = self.fields.get(name)
        if value is None:
            raise SmdppError(
                Refusal.ELEMENT_MISSING, f"{self.function} lacks {name}. Send it as a string."
            )
        if not isinstance(value, str):
            raise SmdppError(Refusal.MALFORMED, f"{name} is not a string. Send it as one.")
        try:
            return read(value)
        except ValueError as error:
            raise SmdppError(
                Refusal.MALFORMED, f"{name} cannot be read: {error}. Check its encoding."
            ) from error

    def optional(self, name: str) -> str | None:
        """A string that may be missing."""
        return None if self.fields.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """A boolean."""
        value = self.fields.get(name)
        if value is None:
            raise SmdppError(
                Refusal.ELEMENT_MISSING, f"{self.function} lacks {name}. Send true or false."
            )
        if not isinstance(value, bool):
            raise SmdppError(Refusal.MALFORMED, f"{name} is not a boolean. Send true or false.")
        return value


def check_header(given: Given) -> str:
    """The functionRequesterIdentifier in the header, beside functionCallIdentifier.

    ES2+ and ES12 have both (clause 5.2.1). Raises SmdppError.
    """
    header = given.fields.get("header")
    if header is None:
        raise SmdppError(
            Refusal.ELEMENT_MISSING,
            f"{given.function} lacks header. Send functionRequesterIdentifier and "
            "functionCallIdentifier in it.",
        )
    found = Given.of(f"The header of {given.function}", header)
    found.text("functionCallIdentifier")
    return found.text("functionRequesterIdentifier")


def _bytes(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)


def check_protocol(headers: Mapping[str, str]) -> None:
    """Raise SmdppError for another protocol in X-Admin-Protocol."""
    spoken = headers.get("x-admin-protocol", PROTOCOL)
    if not spoken.startswith("gsma/rsp/v"):
        raise SmdppError(
            Refusal.MALFORMED, f"X-Admin-Protocol is {spoken!r}. Send one such as {PROTOCOL}."
        )


def read_json(body: bytes) -> object:
    """A body as JSON. Raises SmdppError."""
    try:
        return json_of(body)
    except ValueError as error:
        raise SmdppError(
            Refusal.MALFORMED, f"The body is not JSON: {error}. Send an object of the fields."
        ) from error


def executed(fields: Mapping[str, object] | None, protocol: str = PROTOCOL) -> Response:
    """The answer of a function with these fields, or without a body."""
    if fields is None:
        return Response(status_code=NO_CONTENT, headers=headers(protocol))
    status = {"functionExecutionStatus": {"status": "Executed-Success"}}
    return _response({"header": status, **fields}, 200, protocol)


def failed(error: SmdppError, http_status: int = 200) -> Response:
    """The answer to a refused request: the header alone."""
    return not_executed(error.subject, error.reason, str(error), http_status)


def not_executed(
    subject: str, reason: str, message: str, http_status: int = 200, protocol: str = PROTOCOL
) -> Response:
    """The answer to a refused request, with its status codes and why: the header alone."""
    data = {"subjectCode": subject, "reasonCode": reason}
    if message:
        data["message"] = _shortened(message)
    status = {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}
    return _response({"header": status}, http_status, protocol)


def _response(content: Mapping[str, object], http_status: int, protocol: str) -> Response:
    kind = "application/json;charset=UTF-8"
    return Response(json.dumps(content), http_status, headers(protocol), kind)


def headers(protocol: str = PROTOCOL) -> dict[str, str]:
    """The headers of every answer."""
    return {"X-Admin-Protocol": protocol}


def _shortened(text: str) -> str:
    """As many whole words as fit, in printable ASCII."""
    plain = "".join(one if " " <= one <= "~" else "?" for one in text)
    if len(plain) <= MESSAGE_AT_MOST:
        return plain
    end = "..."
    return plain[: MESSAGE_AT_MOST - len(end)].rpartition(" ")[0] + end
