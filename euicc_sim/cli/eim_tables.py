"""What `euicc-sim eim` shows: an eIM without its private key, and the answer to a package."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.console import facts, printable
from euicc_sim.parties.eim import Eim, eim_file
from euicc_sim.parties.messages import Outcome, PackageAnswer
from keys import Curve

_NONE = "none"


def eim_table(eim: Eim) -> Table:
    """An eIM; what its configuration data leaves out is the card's to choose."""
    kinds = {number: name for name, number in eim_file.ID_TYPES.items()}
    protocols = [eim_file.PROTOCOLS[one] for one in sorted(eim.protocols or ())]
    default = "the card's default"
    return facts(
        {
            "eIM": _shown(eim.eim_id),
            "type": default if eim.id_type is None else kinds[eim.id_type],
            "FQDN": eim.fqdn or _NONE,
            "protocols": default if eim.protocols is None else ", ".join(protocols) or _NONE,
            "CI": default if eim.ci_pk_id is None else eim.ci_pk_id.hex().upper(),
            "counter": f"{eim.counter}, the next package has {eim.counter + 1}",
            "token": _token(eim),
            "SGP.32": f"v{eim.wire.version}",
            "curve": Curve.of(eim.private_key).standard_name,
            "given as": "certificate" if eim.certificate else "public key",
            "public key": eim.public_key.hex().upper(),
        }
    )


def _token(eim: Eim) -> str:
    if eim.token is not None:
        return str(eim.token)
    return "none yet; it asks for one" if eim.wants_token else _NONE


def answer_table(answer: PackageAnswer, signer: str | None) -> Table:
    """The head of an answer."""
    rows = {
        "answer": answer.form,
        "eIM": answer.eim_id,
        "counter": answer.counter,
        "transaction": answer.transaction_id,
        "number": answer.seq_number,
        "error": answer.error,
        "token": answer.token,
        "signature": f"verified, EID {signer}" if answer.genuine else "none",
    }
    return facts({name: _shown(value) for name, value in rows.items() if value is not None})


def outcome_table(answer: PackageAnswer) -> Table:
    """One line for each operation that the card answers for."""
    table = Table("", "operation", "result", "value")
    for number, one in enumerate(answer.outcomes, 1):
        style = "" if one.done else "red"
        table.add_row(str(number), one.name, Text(one.code, style), Text(_value(one)))
    return table


def _value(outcome: Outcome) -> str:
    if isinstance(outcome.value, list):
        return "\n".join(map(_shown, outcome.value)) or "empty"
    token = "token " if outcome.name == "addEim" and outcome.value is not None else ""
    return token + _shown(outcome.value)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, dict):
        return ", ".join(
            f"{name} {iccid_digits(one) if name == 'iccid' else _shown(one)}"
            for name, one in value.items()
        )
    if isinstance(value, list | tuple | frozenset):
        members = sorted(value) if isinstance(value, frozenset) else value
        return "[" + "; ".join(map(_shown, members)) + "]"
    return printable(str(value))
