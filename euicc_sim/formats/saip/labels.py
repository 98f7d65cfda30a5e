"""The names of files by their identifiers, where only bytes are known: from the templates."""

from __future__ import annotations

from collections.abc import Iterator

from euicc_sim.formats.saip.templates import TEMPLATES, FileTemplate

MF = "MF"
_IN_APPLICATION = {
    "usim": "ADF.USIM",
    "opt-usim": "ADF.USIM",
    "isim": "ADF.ISIM",
    "opt-isim": "ADF.ISIM",
    "csim": "ADF.CSIM",
    "opt-csim": "ADF.CSIM",
    **dict.fromkeys(
        ("gsm-access", "phonebook", "df-5gs", "df-saip", "df-snpn", "df-5gprose", "eap"), "ADF.USIM"
    ),
}


def label(field: str) -> str:
    """EF.IMSI for the field ef-imsi, DF.5GS for df-df-5gs."""
    kind, _, name = field.removeprefix("df-" if field.startswith("df-df-") else "").partition("-")
    return f"{kind}.{name}".upper().rstrip(".")


def _all() -> Iterator[tuple[str, FileTemplate]]:
    """Each file with the name of its directory."""
    for element, files in TEMPLATES.items():
        if element.endswith("iot"):
            continue
        for one in files.values():
            parent = _IN_APPLICATION.get(element, MF) if one.parent is None else label(one.parent)
            yield parent, one


_BY_FID = {(parent, one.fid): label(one.field) for parent, one in _all() if one.fid is not None}
_BY_SFI = {(parent, one.sfi): label(one.field) for parent, one in _all() if one.sfi}


def label_of(directory: str, fid: bytes) -> str | None:
    """The name of the file with that identifier in a directory; None if no template has one."""
    return _BY_FID.get((directory, fid))


def label_by_sfi(directory: str, sfi: int) -> str | None:
    """The same for a short identifier."""
    return _BY_SFI.get((directory, sfi))
