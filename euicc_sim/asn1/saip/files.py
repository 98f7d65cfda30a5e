"""Types of the TCA eUICC Profile Package specification: Profile Elements that create files.

Module PEDefinitions of v3.3.1, annex H; earlier versions have a subset of its fields. An element
that creates files has a PEHeader, the OID of its template, and a File for each file of the template
that it creates or changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

from pyasn1.type import univ

from euicc_sim.asn1.codec import decode
from euicc_sim.asn1.tags import (
    application,
    context,
    fields,
    implicit,
    octets,
    optional,
    private,
    sequence_of,
    size,
)
from euicc_sim.asn1.types import Choice, ListOf, Sequence, SequenceOf

APPLICATION_IDENTIFIER = octets(5, 16)
UINT16 = univ.Integer()


class PEHeaderValue(TypedDict):
    mandated: NotRequired[None]
    identification: int


class PEHeader(Sequence[PEHeaderValue]):
    componentType = fields(
        optional("mandated", implicit(0, univ.Null())),
        ("identification", implicit(1, univ.Integer())),
    )


class ProprietaryInfoValue(TypedDict):
    specialFileInformation: NotRequired[bytes]
    fillPattern: NotRequired[bytes]
    repeatPattern: NotRequired[bytes]
    maximumFileSize: NotRequired[bytes]
    fileDetails: NotRequired[bytes]


class ProprietaryInfo(Sequence[ProprietaryInfoValue]):
    componentType = fields(
        optional("specialFileInformation", private(0, octets(1))),
        optional("fillPattern", private(1, octets(1, 200))),
        optional("repeatPattern", private(2, octets(1, 200))),
        optional("maximumFileSize", implicit(6, univ.OctetString())),
        optional("fileDetails", implicit(4, octets(1))),
    )


class FcpValue(TypedDict):
    fileDescriptor: NotRequired[bytes]
    fileID: NotRequired[bytes]
    dfName: NotRequired[bytes]
    lcsi: NotRequired[bytes]
    securityAttributesReferenced: NotRequired[bytes]
    efFileSize: NotRequired[bytes]
    pinStatusTemplateDO: NotRequired[bytes]
    shortEFID: NotRequired[bytes]
    proprietaryEFInfo: NotRequired[ProprietaryInfoValue]
    linkPath: NotRequired[bytes]


class Fcp(Sequence[FcpValue]):
    """What is absent has the value of the template or of ETSI TS 102 222."""

    componentType = fields(
        optional("fileDescriptor", implicit(2, octets(2, 4))),
        optional("fileID", implicit(3, octets(2))),
        optional("dfName", implicit(4, APPLICATION_IDENTIFIER)),
        optional("lcsi", implicit(10, octets(1))),
        optional("securityAttributesReferenced", implicit(11, octets(1, 3))),
        optional("efFileSize", implicit(0, univ.OctetString())),
        optional("pinStatusTemplateDO", private(6, univ.OctetString())),
        optional("shortEFID", implicit(8, octets(0, 1))),
        optional("proprietaryEFInfo", implicit(5, ProprietaryInfo())),
        optional("linkPath", private(7, octets(0, 8))),
    )


FileItemValue = (
    tuple[Literal["doNotCreate"], None]
    | tuple[Literal["fileDescriptor"], FcpValue]
    | tuple[Literal["fillFileOffset"], int]
    | tuple[Literal["fillFileContent"], bytes]
)


class FileItem(Choice[FileItemValue]):
    componentType = fields(
        ("doNotCreate", implicit(0, univ.Null())),
        ("fileDescriptor", implicit(1, Fcp())),
        ("fillFileOffset", implicit(2, UINT16)),
        ("fillFileContent", implicit(3, univ.OctetString())),
    )


class File(SequenceOf[ListOf[FileItemValue]]):
    componentType = FileItem()


# -- files without a template


FileManagementItemValue = (
    tuple[Literal["filePath"], bytes]
    | tuple[Literal["createFCP"], FcpValue]
    | tuple[Literal["fillFileOffset"], int]
    | tuple[Literal["fillFileContent"], bytes]
)


class FileManagementItem(Choice[FileManagementItemValue]):
    componentType = fields(
        ("filePath", implicit(0, octets(0, 8))),
        ("createFCP", application(2, Fcp())),
        ("fillFileOffset", UINT16),
        ("fillFileContent", implicit(1, univ.OctetString())),
    )


class FileManagement(SequenceOf[ListOf[FileManagementItemValue]]):
    componentType = FileManagementItem()


class GenericFileManagementValue(TypedDict):
    header: PEHeaderValue
    fileManagementCMD: ListOf[ListOf[FileManagementItemValue]]


class GenericFileManagement(Sequence[GenericFileManagementValue]):
    """PE-GenericFileManagement."""

    tagSet = context(1)
    componentType = fields(
        ("header", implicit(0, PEHeader())),
        (
            "fileManagementCMD",
            implicit(1, sequence_of(FileManagement()).subtype(subtypeSpec=size(1, 0xFFFF))),
        ),
    )


# -- files of templates


def _fields(names: str) -> Mapping[str, bool]:
    """The names of files, and whether each is mandatory: marked with !."""
    return {one.rstrip("!"): one.endswith("!") for one in names.split()}


FILES: Mapping[str, Mapping[str, bool]] = {
    "mf": _fields("mf! ef-pl ef-iccid! ef-dir! ef-arr! ef-umpc "),
    "cd": _fields("df-cd! ef-launchpad ef-icon "),
    "telecom": _fields(
        "df-telecom! ef-arr ef-rma ef-sume ef-ice-dn ef-ice-ff ef-psismsc df-graphics ef-img "
        "ef-iidf ef-ice-graphics ef-launch-scws ef-icon df-phonebook ef-pbr ef-ext1 ef-aas "
        "ef-gas ef-psc ef-cc ef-puid ef-iap ef-adn ef-pbc ef-anr ef-puri ef-email ef-sne ef-uid "
        "ef-grp ef-ccp1 df-multimedia ef-mml ef-mmdf df-mmss ef-mlpl ef-mspl ef-mmssmode df-mcs "
        "ef-mst ef-mcs-config df-v2x ef-vst ef-v2x-config ef-v2xp-pc5 ef-v2xp-Uu "
    ),
    "usim": _fields(
        "adf-usim! ef-imsi! ef-arr! ef-keys ef-keysPS ef-hpplmn ef-ust! ef-fdn ef-sms ef-smsp "
        "ef-smss ef-spn! ef-est! ef-start-hfn ef-threshold ef-psloci ef-acc! ef-fplmn ef-loci "
        "ef-ad ef-ecc! ef-netpar ef-epsloci ef-epsnsc "
    ),
    "opt-usim": _fields(
        "ef-li ef-acmax ef-acm ef-gid1 ef-gid2 ef-msisdn ef-puct ef-cbmi ef-cbmid ef-sdn "
        "ef-ext2 ef-ext3 ef-cbmir ef-plmnwact ef-oplmnwact ef-hplmnwact ef-dck ef-cnl ef-smsr "
        "ef-bdn ef-ext5 ef-ccp2 ef-ext4 ef-acl ef-cmi ef-ici ef-oci ef-ict ef-oct ef-vgcs "
        "ef-vgcss ef-vbs ef-vbss ef-emlpp ef-aaem ef-hiddenkey ef-pnn ef-opl ef-mbdn ef-ext6 "
        "ef-mbi ef-mwis ef-cfis ef-ext7 ef-spdi ef-mmsn ef-ext8 ef-mmsicp ef-mmsup ef-mmsucp "
        "ef-nia ef-vgcsca ef-vbsca ef-gbabp ef-msk ef-muk ef-ehplmn ef-gbanl ef-ehplmnpi "
        "ef-lrplmnsi ef-nafkca ef-spni ef-pnni ef-ncp-ip ef-ufc ef-nasconfig ef-uicciari ef-pws "
        "ef-fdnuri ef-bdnuri ef-sdnuri ef-ial ef-ips ef-ipd ef-epdgid ef-epdgselection "
        "ef-epdgidem ef-epdgselectionem ef-frompreferred ef-imsconfigdata ef-3gpppsdataoff "
        "ef-3gpppsdataoffservicelist ef-xcapconfigdata ef-earfcnlist ef-mudmidconfigdata "
        "ef-eaka "
    ),
    "isim": _fields("adf-isim! ef-impi! ef-impu! ef-domain! ef-ist! ef-ad ef-arr! "),
    "opt-isim": _fields(
        "ef-pcscf ef-sms ef-smsp ef-smss ef-smsr ef-gbabp ef-gbanl ef-nafkca ef-uicciari "
        "ef-frompreferred ef-imsconfigdata ef-xcapconfigdata ef-webrtcuri ef-mudmidconfigdata "
    ),
    "phonebook": _fields(
        "df-phonebook! ef-pbr ef-ext1 ef-aas ef-gas ef-psc ef-cc ef-puid ef-iap ef-adn ef-pbc "
        "ef-anr ef-puri ef-email ef-sne ef-uid ef-grp ef-ccp1 "
    ),
    "gsm-access": _fields("df-gsm-access! ef-kc ef-kcgprs ef-cpbcch ef-invscan "),
    "csim": _fields(
        "adf-csim! ef-arr! ef-call-count! ef-imsi-m! ef-imsi-t! ef-tmsi! ef-ah! ef-aop! "
        "ef-aloc! ef-cdmahome! ef-znregi! ef-snregi! ef-distregi! ef-accolc! ef-term! ef-acp! "
        "ef-prl! ef-ruimid! ef-csim-st! ef-spc! ef-otapaspc! ef-namlock! ef-ota! ef-sp! "
        "ef-esn-meid-me! ef-li! ef-usgind! ef-ad! ef-max-prl! ef-spcs! ef-mecrp! ef-home-tag! "
        "ef-group-tag! ef-specific-tag! ef-call-prompt! "
    ),
    "opt-csim": _fields(
        "ef-ssci ef-fdn ef-sms ef-smsp ef-smss ef-ssfc ef-spn ef-mdn ef-ecc ef-me3gpdopc "
        "ef-3gpdopm ef-sipcap ef-mipcap ef-sipupp ef-mipupp ef-sipsp ef-mipsp ef-sippapss "
        "ef-puzl ef-maxpuzl ef-hrpdcap ef-hrpdupp ef-csspr ef-atc ef-eprl ef-bcsmscfg "
        "ef-bcsmspref ef-bcsmstable ef-bcsmsp ef-bakpara ef-upbakpara ef-mmsn ef-ext8 ef-mmsicp "
        "ef-mmsup ef-mmsucp ef-auth-capability ef-3gcik ef-dck ef-gid1 ef-gid2 ef-cdmacnl "
        "ef-sf-euimid ef-est ef-hidden-key ef-lcsver ef-lcscp ef-sdn ef-ext2 ef-ext3 ef-ici "
        "ef-oci ef-ext5 ef-ccp2 ef-applabels ef-model ef-rc ef-smscap ef-mipflags ef-3gpduppext "
        "ef-ipv6cap ef-tcpconfig ef-dgc ef-wapbrowsercp ef-wapbrowserbm ef-mmsconfig ef-jdl "
    ),
    "eap": _fields("df-eap! ef-eapkeys ef-eapstatus! ef-puid ef-ps ef-curid ef-reid ef-realm "),
    "df-5gs": _fields(
        "df-df-5gs! ef-5gs3gpploci ef-5gsn3gpploci ef-5gs3gppnsc ef-5gsn3gppnsc ef-5gauthkeys "
        "ef-uac-aic ef-suci-calc-info ef-opl5g ef-supinai ef-routing-indicator ef-ursp "
        "ef-tn3gppsnn ef-cag ef-sor-cmci ef-dri ef-5gsedrx ef-5gnswo-conf ef-mchpplmn "
        "ef-kausf-derivation "
    ),
    "df-saip": _fields("df-df-saip! ef-suci-calc-info-usim "),
    "df-snpn": _fields("df-df-snpn! ef-pws-snpn "),
    "df-5gprose": _fields(
        "df-df-5g-prose! ef-5g-prose-st ef-5g-prose-dd ef-5g-prose-dc ef-5g-prose-u2nru "
        "ef-5g-prose-ru ef-5g-prose-uir "
    ),
    "iot": _fields(
        "mf ef-pl ef-iccid ef-dir ef-arr ef-umpc adf-usim ef-imsi! ef-arr-usim ef-keys "
        "ef-keysPS ef-hpplmn ef-ust ef-start-hfn ef-threshold ef-psloci ef-acc! ef-fplmn "
        "ef-loci ef-ad ef-ecc ef-netpar "
    ),
    "opt-iot": _fields(
        "ef-fdn ef-sms ef-smsp ef-smss ef-spn ef-est ef-oplmnwact ef-hplmnwact ef-ehplmn "
        "ef-epsloci ef-epsnsc df-df-5gs ef-5gs3gpploci ef-5gsn3gpploci ef-5gs3gppnsc "
        "ef-5gsn3gppnsc ef-5gauthkeys ef-uac-aic ef-suci-calc-info ef-opl5g ef-supi-nai "
        "ef-routing-indicator ef-ursp ef-tn3gppsnn df-df-saip ef-suci-calc-info-usim "
    ),
}
"""The files of each element with a template, in their order, and whether the File is mandatory."""

_FIRST = 16
"""The tag number of the first of these elements in ProfileElement."""


class FilesValue(NamedTuple):
    """An element with a template; `files` has those Files that the element has."""

    header: PEHeaderValue
    template: str
    files: Mapping[str, ListOf[FileItemValue]]


def _element(name: str, number: int, files: Mapping[str, bool]) -> Any:
    of_files = (
        (name, implicit(at, File())) if mandatory else optional(name, implicit(at, File()))
        for at, (name, mandatory) in enumerate(files.items(), 2)
    )
    components = fields(
        ("header", implicit(0, PEHeader())),
        ("templateID", implicit(1, univ.ObjectIdentifier())),
        *of_files,
    )
    declared = {"tagSet": context(number), "componentType": components}
    return type(f"PE-{name.upper()}", (univ.Sequence,), declared)()


_SPECS = {
    name: _element(name, number, of) for number, (name, of) in enumerate(FILES.items(), _FIRST)
}


def read_files(name: str, element: bytes) -> FilesValue:
    """Decode the element with a template of that name, such as "usim". Raises Asn1Error."""
    value = decode(_SPECS[name], element)
    header, template = value.pop("header"), value.pop("templateID")
    return FilesValue(header, template, value)


def files_specs() -> Mapping[str, Any]:
    """The pyasn1 types of these elements by name, for tools."""
    return _SPECS
