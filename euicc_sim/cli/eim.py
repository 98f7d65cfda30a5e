"""`euicc-sim eim`: be an eIM: ask a card for trust, order by signed packages, verify answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from rich.text import Text
from typer.core import TyperGroup

from euicc_sim.cli.console import NOT_ALL, console, fail
from euicc_sim.cli.eim_bytes import bytes_from, hand_out
from euicc_sim.cli.eim_database import database_of, opened
from euicc_sim.cli.eim_server import add_to
from euicc_sim.cli.eim_tables import (
    answer_table,
    eim_table,
    outcome_table,
)
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_parties import AnswerOutput, EimFileOutput
from euicc_sim.cli.rsp_options import SGP32_DEFAULT, Sgp32Option, wire_named
from euicc_sim.cli.settings import NO_ENVIRONMENT
from euicc_sim.parties.eim import (
    Eim,
    add_initial_eim,
    eim_file,
    operation_words,
    take_added_tokens,
    take_initial_answer,
)
from euicc_sim.parties.eim.server import CardRecord, UnknownEidError
from euicc_sim.parties.messages import EimError, Form, certificate_der, eid_of
from keys import Curve, PkiError, load_private_key, validate_eid
from keys.pem import load_certificate
from keys.reading import read_eim_signing_key
from keys.source import key_source


class _Sentences(TyperGroup):
    """Turns errors that a person can mend into one sentence and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (EimError, PkiError) as error:
            fail(str(error))


class IdType(StrEnum):
    """eimIdType."""

    OID = "oid"
    FQDN = "fqdn"
    PROPRIETARY = "proprietary"


class Protocol(StrEnum):
    """The bits of eimSupportedProtocol."""

    RETRIEVE_HTTPS = "retrieveHttps"
    RETRIEVE_COAPS = "retrieveCoaps"
    INJECT_HTTPS = "injectHttps"
    INJECT_COAPS = "injectCoaps"
    PROPRIETARY = "proprietary"


app = typer.Typer(
    name="eim",
    cls=_Sentences,
    no_args_is_help=True,
    help="Be an eIM: ask a card for trust, order by signed packages, verify its answers. "
    "One file stands for the eIM as one card knows it; its server knows many.",
)

File = Annotated[Path, typer.Argument(help="The eIM's file.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Write to a new file, in binary instead of hex.")
]
Apdus = Annotated[
    bool, typer.Option("--apdu", help="As STORE DATA commands in hex, for the selected ISD-R.")
]


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet.")],
    eim_id: Annotated[str, typer.Option("--id", help="The eimId, up to 128 characters.")],
    id_type: Annotated[IdType | None, typer.Option("--type", help="The eimIdType.")] = None,
    fqdn: Annotated[str | None, typer.Option(help="The eimFqdn.")] = None,
    protocol: Annotated[list[Protocol] | None, typer.Option(help="Repeat for several.")] = None,
    ci: Annotated[
        str | None, typer.Option(metavar="HEX", help="The euiccCiPKId that the card signs with.")
    ] = None,
    curve: Annotated[
        Curve | None,
        typer.Option(
            case_sensitive=False,
            help="Of a new key, or of that in --pki. Default: NIST, unless --pki has only BRP.",
        ),
    ] = None,
    pki: Annotated[
        Path | None,
        typer.Option(
            envvar=NO_ENVIRONMENT,
            help="Use the eIM's signing key of this folder in the layout of GSMA SGP.26, such as "
            "the published one, instead of a new key.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Make a repeatable key, which anybody else can make too.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Use this private key instead of a new one.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Give cards the key in this certificate.")
    ] = None,
    counter: Annotated[int, typer.Option(min=0, help="The last one used.")] = 0,
    token: Annotated[int | None, typer.Option(min=1, help="One that the card assigned.")] = None,
    no_token: Annotated[
        bool,
        typer.Option(
            "--no-token",
            help="Ask cards for no association token. When the eIM is added again, packages that "
            "ran before run again.",
        ),
    ] = False,
    sgp32: Sgp32Option = SGP32_DEFAULT,
) -> None:
    """Make an eIM with a new key, in a file that only you can read."""
    wire = wire_named(sgp32)
    private_key = _signing_key(eim_id, key, pki, curve, seed)
    eim = Eim(
        eim_id,
        private_key,
        counter,
        token,
        fqdn,
        eim_file.ID_TYPES[id_type] if id_type else None,
        frozenset(map(eim_file.PROTOCOLS.index, protocol)) if protocol else None,
        None if ci is None else bytes_from(ci, "--ci"),
        load_certificate(certificate).public_bytes(Encoding.DER) if certificate else None,
        wants_token=not no_token,
        wire=wire,
    )
    eim_file.create(file, eim)
    _say(f"eIM {eim_id} made in {file}, which holds its private key")
    if pki is not None:
        _say(f"the key is that of {pki}: whoever has that folder can sign as this eIM")
    _say(f"ask a card to trust it with: euicc-sim eim initial {file}")
    if not no_token:
        _say(f"keep the token that the card answers: euicc-sim eim answer {file} --initial ANSWER")


def _signing_key(
    eim_id: str, key: Path | None, pki: Path | None, curve: Curve | None, seed: int | None
) -> ec.EllipticCurvePrivateKey:
    """The key of a new eIM: one that there is, or a new one. Raises PkiError."""
    if sum(one is not None for one in (key, pki, seed)) > 1:
        fail("an eIM has one key; give only one of --key, --pki and --seed.")
    if key is not None:
        return load_private_key(key)
    if pki is not None:
        return read_eim_signing_key(pki, curve)
    return key_source(seed).key(curve or Curve.NIST, f"eIM {eim_id}")


@app.command()
def show(file: File, as_json: JsonOption = False) -> None:
    """Show an eIM, except for its private key."""
    eim = eim_file.load(file)
    if as_json:
        print_json(EimFileOutput.of(eim))
    else:
        console.print(eim_table(eim))


@app.command()
def initial(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The eIMs' files.")],
    token: Annotated[
        bool | None,
        typer.Option(
            "--token/--no-token",
            help="Ask for association tokens or not; see eim answer. Default: as in each file.",
        ),
    ] = None,
    out: Out = None,
    apdu: Apdus = False,
) -> None:
    """Write an AddInitialEim request (BF57), for a card that does not trust any eIM yet."""
    eims = [eim_file.load(one) for one in files]
    configs = [
        one.configuration(want_token=one.wants_token if token is None else token) for one in eims
    ]
    hand_out(add_initial_eim(*configs, wire=eims[0].wire), out, apdu)


@app.command()
def answer(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="The same files as for eim initial.")
    ],
    initial: Annotated[
        str, typer.Option(metavar="ANSWER", help="The card's response: hex, a file, or -.")
    ],
) -> None:
    """Take the answer to AddInitialEim: keep the association tokens that the card gave."""
    content = bytes_from(initial, "--initial")
    eims = [eim_file.load(one) for one in files]
    take_initial_answer(content, *eims)
    _keep_tokens(files, eims)


_PACKAGE_HELP = f"""Sign an eUICC Package (BF51) of one or more operations OP.

ICCIDs are written as 18 to 20 digits, as printed. A package holds operations of the first
group, or of the second:

\b
{operation_words.SYNTAX.replace(chr(10) * 2, chr(10) * 2 + chr(8) + chr(10))}

addEim asks for an association token, unless the file or ",no-token" says not to. updateEim
sends the named fields, or all fields of the file. TAGS are hex, such as 5A9F70. eco and
psmo take one element as it is.
The counter is kept before the package leaves: in FILE, or in the database of its server if there is
one."""


@app.command(help=_PACKAGE_HELP)
def package(
    file: File,
    words: Annotated[list[str], typer.Argument(metavar="OP...", help="See above.")],
    eid: Annotated[str, typer.Option(help="The card's EID, 32 digits.")],
    counter: Annotated[
        int | None, typer.Option(min=0, help="This one, not the next.", show_default=False)
    ] = None,
    transaction: Annotated[
        str | None, typer.Option(metavar="HEX", help="An eimTransactionId of 1 to 16 bytes.")
    ] = None,
    out: Out = None,
    apdu: Apdus = False,
) -> None:
    """Sign an eUICC Package."""
    validate_eid(eid)
    wire = eim_file.load(file).wire
    ordered = [operation_words.operation(one, wire=wire) for one in words]
    transaction_id = None if transaction is None else bytes_from(transaction, "--transaction")
    if database_of(file).exists():
        with _counted_in_database(file, eid) as eim:
            request = eim.package(ordered, eid, counter=counter, transaction_id=transaction_id)
    else:
        with eim_file.changing(file) as eim:
            request = eim.package(ordered, eid, counter=counter, transaction_id=transaction_id)
    hand_out(request, out, apdu)


@app.command()
def verify(
    file: File,
    result: Annotated[str, typer.Argument(help="The card's response: hex, a file, or -.")],
    certificate: Annotated[
        str,
        typer.Option(
            metavar="CERT", help="The card's certificate, or its answer to GetCerts (BF56)."
        ),
    ],
    added: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Keep the token of an addEim in that eIM's file; repeat in order."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify and show the response to a package.

    Exit code 0: genuine, all done. 3: genuine, but the card refused something. 1: not genuine,
    which an unsigned error cannot be.
    """
    eim = eim_file.load(file)
    der = certificate_der(bytes_from(certificate, "--certificate"), eim.wire)
    eim.token = _token(file, eim, eid_of(der))
    found = eim.verify(bytes_from(result, "RESULT"), der)
    if as_json:
        print_json(AnswerOutput.of(found, eid_of(der)))
    else:
        console.print(answer_table(found, eid_of(der)))
        if found.form is Form.RESULT:
            console.print(outcome_table(found))
    if not found.genuine:
        raise EimError(
            "The card did not sign this error, as it does not know the eIM or its signature. "
            "Check that it trusts the eIM, and that key and token in the file are those it knows."
        )
    if added:
        eims = [eim_file.load(one) for one in added]
        take_added_tokens(found, *eims)
        _keep_tokens(added, eims)
    if not found.done:
        raise typer.Exit(NOT_ALL)


add_to(app)


def _keep_tokens(files: list[Path], eims: list[Eim]) -> None:
    for file, learned in zip(files, eims, strict=True):
        with eim_file.changing(file) as eim:
            eim.token = learned.token
        token = "no association token" if eim.token is None else f"association token {eim.token}"
        _say(f"{file}: eIM {eim.eim_id} has {token}")


@contextmanager
def _counted_in_database(file: Path, eid: str) -> Iterator[Eim]:
    """The eIM with a card's counter and token from the database, which keeps the counter."""
    eim = eim_file.load(file)
    with (
        closing(opened(file, None)) as store,
        store.changing(eid, CardRecord(eid=eid, counter=eim.counter, token=eim.token)) as card,
    ):
        eim.counter, eim.token = card.record.counter, card.record.token
        yield eim
        card.record.counter = eim.counter


def _token(file: Path, eim: Eim, eid: str | None) -> int | None:
    """The association token of a card: in the database if it is known there."""
    if eid is None or not database_of(file).exists():
        return eim.token
    with closing(opened(file, None)) as store:
        try:
            return store.card(eid).token
        except UnknownEidError:
            return eim.token


def _say(sentence: str) -> None:
    console.print(Text(sentence))
