"""Requests in HTTP as inputs: a line with the method and the path, and the body after it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import httpx

from fuzz import changes
from fuzz.runner import WrongError

_JSON = {"Content-Type": "application/json"}


def written(method: str, path: str, body: bytes) -> bytes:
    """A request as an input."""
    return f"{method} {path}\n".encode() + body


def changed_request(random: Random, corpus: Sequence[bytes]) -> bytes:
    """Another one like those in the corpus."""
    line, _, body = random.choice(corpus).partition(b"\n")
    if random.random() < 0.2:
        line = changes.flipped(random, line)
    elif body:
        body = changes.json_changed(random, body)
    return line + b"\n" + body


def sent(http: httpx.Client, data: bytes) -> httpx.Response | None:
    """The answer to an input; None if no client can send it. Raises WrongError for a 5xx."""
    line, _, body = data.partition(b"\n")
    method, _, path = line.decode("latin-1").partition(" ")
    try:
        answer = http.request(method, path, content=body, headers=_JSON)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError):
        return None  # not a request that a client can send
    if answer.status_code >= 500:
        raise WrongError(f"HTTP status {answer.status_code}: {answer.text[:200]}")
    return answer
