"""Objects in and out of `euicc-sim eim`: hex, files, standard input, APDUs."""

from __future__ import annotations

import string
import sys
from pathlib import Path

import typer

from apdu import TlvError
from apdu.tlv import read
from euicc_sim.parties.messages import EimError, store_data

_HEX = set((string.hexdigits + string.whitespace).encode())
_STATUS_WORD = b"\x90\x00"


def bytes_from(argument: str, what: str) -> bytes:
    """What an argument stands for: `-` for standard input, a file (binary or hex), or hex digits.

    A status word 9000 behind an object is taken away. Raises EimError, which names `what`.
    """
    if argument == "-":
        return _plain(sys.stdin.buffer.read(), what)
    if argument and set(argument.encode(errors="replace")) <= _HEX:
        return _plain(argument.encode(), what)
    return _plain(file_content(argument, what), what)


def file_content(name: str, what: str) -> bytes:
    """The content of a file that a user has named in the place of hex digits.

    Raises EimError, which names `what` and says what is wrong with the file.
    """
    try:
        return Path(name).read_bytes()
    except FileNotFoundError as error:
        raise EimError(
            f"{what}: the file {name[:60]!r} does not exist, and it is not hex (two digits per "
            "byte). Give one of these, or - for standard input."
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise EimError(
            f"{what}: the file {name[:60]!r} cannot be read ({why}). Give a different file, hex, "
            "or - for standard input."
        ) from error


def _plain(content: bytes, what: str) -> bytes:
    if set(content) <= _HEX:
        try:
            content = bytes.fromhex(content.decode())
        except ValueError as error:
            raise EimError(
                f"{what}: the hex digits are not in pairs. Copy the whole object."
            ) from error
    if not content:
        raise EimError(f"{what}: there is nothing to read. Give hex digits or a file.")
    return _without_status_word(content)


def _without_status_word(content: bytes) -> bytes:
    try:
        rest = content[read(content).end :]
    except TlvError:
        return content
    return content.removesuffix(rest) if rest == _STATUS_WORD else content


def hand_out(request: bytes, out: Path | None, apdu: bool) -> None:
    """Print a request as hex, or as STORE DATA commands; into a new file it goes binary.

    Raises EimError when the file exists or cannot be written.
    """
    lines = [one.hex().upper() for one in (store_data(request) if apdu else [request])]
    text = "\n".join(lines)
    if out is None:
        typer.echo(text)
        return
    try:
        with out.open("xb") as file:
            file.write(f"{text}\n".encode() if apdu else request)
    except FileExistsError as error:
        raise EimError(f"{out} exists. Choose a different name, or remove it first.") from error
    except OSError as error:
        raise EimError(
            f"{out} cannot be written: {error.strerror}. Choose a different place."
        ) from error
