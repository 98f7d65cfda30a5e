"""The file templates of the TCA eUICC Profile Package specification v3.3.1, annex A.

What a file is whose Profile Element says nothing else: its identifier, kind, size, rule and
content. Identifiers and sizes are those of ETSI TS 102 221, 3GPP TS 31.102 and 31.103, and 3GPP2
C.S0065.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from euicc_sim.asn1.saip.files import FILES


class Kind(Enum):
    """The kinds of files."""

    MF = "MF"
    ADF = "ADF"
    DF = "DF"
    TRANSPARENT = "TR"
    LINEAR_FIXED = "LF"
    CYCLIC = "CY"
    BER_TLV = "BT"

    @property
    def is_directory(self) -> bool:
        """Whether files can be in it."""
        return self in (Kind.MF, Kind.ADF, Kind.DF)

    @property
    def has_records(self) -> bool:
        """Whether its content is records."""
        return self in (Kind.LINEAR_FIXED, Kind.CYCLIC)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The content of a file before anything is written: a beginning, an end, and what repeats.

    Without an end and with `whole`, all of `start` repeats; otherwise its last byte does.
    """

    start: bytes
    end: bytes = b""
    whole: bool = False

    def filled(self, size: int) -> bytes:
        """`size` bytes of it."""
        if self.whole:
            return (self.start * (size // len(self.start) + 1))[:size]
        middle = self.start[-1:] * (size - len(self.start) - len(self.end))
        return (self.start + middle + self.end)[:size]


BLANK = Pattern(b"\xff")
"""The content where neither package nor template has one (ETSI TS 102 222 clause 6.3.2.2.2)."""


@dataclass(frozen=True, slots=True)
class FileTemplate:
    """One file of a template.

    `fid` is None if the element must give it; so is `record` (bytes) or `count` (records, or bytes
    of a file without). `rule` is a record of EF.ARR, `sfi` a short identifier from 1 to 30; the
    file is in the directory of the field `parent`, or in the current one.
    """

    field: str
    fid: bytes | None
    kind: Kind
    count: int | None
    record: int | None
    rule: int
    sfi: int | None
    fill: Pattern
    parent: str | None


_TABLE = """
[mf]
mf                     3F00 MF  -      14  - -
ef-pl                  2F05 TR  2       1 05 FF~FF    mf
ef-iccid               2FE2 TR  10     11 02 -        mf
ef-dir                 2F00 LF  ?      10 1E -        mf
ef-arr                 2F06 LF  ?      10  - -        mf
ef-umpc                2F08 TR  5      10 08 -        mf
[cd]
df-cd                  7F11 DF  -      14  - -
ef-launchpad           6F01 TR  ?       2  - -        df-cd
ef-icon                6F40 TR  ?       2  - -        df-cd
[telecom]
df-telecom             7F10 DF  -      14  - -
ef-arr                 6F06 LF  ?      10  - -        df-telecom
ef-rma                 6F53 LF  ?       3  - -        df-telecom
ef-sume                6F54 TR  22      3  - -        df-telecom
ef-ice-dn              6FE0 LF  50x24   9  - FF~FF    df-telecom
ef-ice-ff              6FE1 LF  ?       9  - FF~FF    df-telecom
ef-psismsc             6FE5 LF  ?       5  - -        df-telecom
df-graphics            5F50 DF  -      14  - -        df-telecom
ef-img                 4F20 LF  ?       2  - 00FF~FF  df-graphics
ef-iidf                4F40 TR  ?       2  - FF~FF    df-graphics
ef-ice-graphics        4F21 BT  ?       9  - -        df-graphics
ef-launch-scws         4F01 TR  ?      10  - -        df-graphics
ef-icon                4F80 TR  ?      10  - -        df-graphics
df-phonebook           5F3A DF  -      14  - -        df-telecom
ef-pbr                 4F30 LF  ?       2  - -        df-phonebook
ef-ext1                4F38 LF  ?x13    5  - 00FF~FF  df-phonebook
ef-aas                 4F40 LF  ?       5  - FF~FF    df-phonebook
ef-gas                 4F48 LF  ?       5  - FF~FF    df-phonebook
ef-psc                 4F22 TR  4       5  - 00000000 df-phonebook
ef-cc                  4F23 TR  2       5  - 0000     df-phonebook
ef-puid                4F24 TR  2       5  - 0000     df-phonebook
ef-iap                 4F50 LF  ?       5  - FF~FF    df-phonebook
ef-adn                 4F58 LF  ?       5  - FF~FF    df-phonebook
ef-pbc                 4F60 LF  ?x2     5  - 00~00    df-phonebook
ef-anr                 4F68 LF  ?       5  - FF~FF    df-phonebook
ef-puri                4F70 LF  ?       5  - -        df-phonebook
ef-email               4F78 LF  ?       5  - FF~FF    df-phonebook
ef-sne                 4F80 LF  ?       5  - FF~FF    df-phonebook
ef-uid                 4F88 LF  ?x2     5  - 0000     df-phonebook
ef-grp                 4F90 LF  ?       5  - 00~00    df-phonebook
ef-ccp1                4F98 LF  ?       5  - FF~FF    df-phonebook
df-multimedia          5F3B DF  -      14  - -        df-telecom
ef-mml                 4F47 BT  ?       5  - -        df-multimedia
ef-mmdf                4F48 BT  ?       5  - -        df-multimedia
df-mmss                5F3C DF  -      14  - -        df-telecom
ef-mlpl                4F20 TR  ?       2 01 -        df-mmss
ef-mspl                4F21 TR  ?       2 02 -        df-mmss
ef-mmssmode            4F22 TR  1       2 03 -        df-mmss
df-mcs                 5F3D DF  -      14  - -        df-telecom
ef-mst                 4F01 TR  ?       2 01 -        df-mcs
ef-mcs-config          4F02 BT  ?       2 02 -        df-mcs
df-v2x                 5F3E DF  -      14  - -        df-telecom
ef-vst                 4F01 TR  ?       2 01 -        df-v2x
ef-v2x-config          4F02 BT  ?       2 02 -        df-v2x
ef-v2xp-pc5            4F03 TR  ?       2  - -        df-v2x
ef-v2xp-Uu             4F04 TR  ?       2  - -        df-v2x
[usim]
adf-usim               ---- ADF -      14  - -
ef-imsi                6F07 TR  9       2 07 -        adf-usim
ef-arr                 6F06 LF  ?      10 17 -        adf-usim
ef-keys                6F08 TR  33      5 08 07FF~FF  adf-usim
ef-keysPS              6F09 TR  33      5 09 07FF~FF  adf-usim
ef-hpplmn              6F31 TR  1       2 12 0A       adf-usim
ef-ust                 6F38 TR  14      2 04 -        adf-usim
ef-fdn                 6F3B LF  20x26   8  - FF~FF    adf-usim
ef-sms                 6F3C LF  10x176  5  - 00FF~FF  adf-usim
ef-smsp                6F42 LF  1x38    5  - FF~FF    adf-usim
ef-smss                6F43 TR  2       5  - FFFF     adf-usim
ef-spn                 6F46 TR  17     10  - -        adf-usim
ef-est                 6F56 TR  1       8 05 -        adf-usim
ef-start-hfn           6F5B TR  6       5 0F F00000F00000 adf-usim
ef-threshold           6F5C TR  3       2 10 FFFFFF   adf-usim
ef-psloci              6F73 TR  14      5 0C FFFFFFFFFFFFFFFFFFFF0000FF01 adf-usim
ef-acc                 6F78 TR  2       2 06 -        adf-usim
ef-fplmn               6F7B TR  12      5 0D FF~FF    adf-usim
ef-loci                6F7E TR  11      5 0B FFFFFFFFFFFFFF0000FF01 adf-usim
ef-ad                  6FAD TR  4      10 03 00000002 adf-usim
ef-ecc                 6FB7 LF  1x4    10 01 -        adf-usim
ef-netpar              6FC4 TR  128     5  - FF~FF    adf-usim
ef-epsloci             6FE3 TR  18      5 1E FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001 adf-usim
ef-epsnsc              6FE4 LF  1x80    5 18 FF~FF    adf-usim
[opt-usim]
ef-li                  6F05 TR  6       1 02 FF~FF
ef-acmax               6F37 TR  3       5  - 000000
ef-acm                 6F39 CY  1x3     7  - 000000
ef-gid1                6F3E TR  8       2  - -
ef-gid2                6F3F TR  8       2  - -
ef-msisdn              6F40 LF  1x24    2  - FF~FF
ef-puct                6F41 TR  5       5  - FFFFFF0000
ef-cbmi                6F45 TR  10      5  - FF~FF
ef-cbmid               6F48 TR  10      2 0E FF~FF
ef-sdn                 6F49 LF  10x24   2  - FF~FF
ef-ext2                6F4B LF  10x13   8  - 00FF~FF
ef-ext3                6F4C LF  10x13   2  - 00FF~FF
ef-cbmir               6F50 TR  20      5  - FF~FF
ef-plmnwact            6F60 TR  40      5 0A FFFFFF0000
ef-oplmnwact           6F61 TR  40      2 11 FFFFFF0000
ef-hplmnwact           6F62 TR  5       2 13 FFFFFF0000
ef-dck                 6F2C TR  16      5  - FF~FF
ef-cnl                 6F32 TR  30      2  - FF~FF
ef-smsr                6F47 LF  10x30   5  - 00FF~FF
ef-bdn                 6F4D LF  10x25   8  - FF~FF
ef-ext5                6F4E LF  10x13   5  - 00FF~FF
ef-ccp2                6F4F LF  5x15    5 16 FF~FF
ef-ext4                6F55 LF  10x13   8  - 00FF~FF
ef-acl                 6F57 TR  101     8  - 00FF~FF
ef-cmi                 6F58 LF  10x11   2  - FF~FF
ef-ici                 6F80 CY  20x38   5 14 FF~FF0000000001FFFF
ef-oci                 6F81 CY  20x37   5 15 FF~FF00000001FFFF
ef-ict                 6F82 CY  1x3     7  - 000000
ef-oct                 6F83 CY  1x3     7  - 000000
ef-vgcs                6FB1 TR  20      2  - -
ef-vgcss               6FB2 TR  7       5  - -
ef-vbs                 6FB3 TR  20      2  - -
ef-vbss                6FB4 TR  7       5  - -
ef-emlpp               6FB5 TR  2       2  - -
ef-aaem                6FB6 TR  1       5  - 00
ef-hiddenkey           6FC3 TR  4       5  - FF~FF
ef-pnn                 6FC5 LF  10x16  10 19 -
ef-opl                 6FC6 LF  5x8    10 1A -
ef-mbdn                6FC7 LF  3x24    5  - -
ef-ext6                6FC8 LF  10x13   5  - 00FF~FF
ef-mbi                 6FC9 LF  10x5    5  - -
ef-mwis                6FCA LF  10x6    5  - 00~00
ef-cfis                6FCB LF  10x16   5  - 0100FF~FF
ef-ext7                6FCC LF  10x13   5  - 00FF~FF
ef-spdi                6FCD TR  17      2 1B -
ef-mmsn                6FCE LF  10x6    5  - 000000FF~FF
ef-ext8                6FCF LF  10x13   5  - 00FF~FF
ef-mmsicp              6FD0 TR  100     2  - FF~FF
ef-mmsup               6FD1 LF  ?       5  - FF~FF
ef-mmsucp              6FD2 TR  100     5  - FF~FF
ef-nia                 6FD3 LF  5x11    2  - FF~FF
ef-vgcsca              6FD4 TR  ?       2  - 00~00
ef-vbsca               6FD5 TR  ?       2  - 00~00
ef-gbabp               6FD6 TR  ?       5  - FF~FF
ef-msk                 6FD7 LF  ?       2  - FF~FF
ef-muk                 6FD8 LF  ?       2  - FF~FF
ef-ehplmn              6FD9 TR  15      2 1D FF~FF
ef-gbanl               6FDA LF  ?       2  - FF~FF
ef-ehplmnpi            6FDB TR  1       2  - 00
ef-lrplmnsi            6FDC TR  1       2  - 00
ef-nafkca              6FDD LF  ?       2  - FF~FF
ef-spni                6FDE TR  ?      10  - 00FF~FF
ef-pnni                6FDF LF  ?      10  - 00FF~FF
ef-ncp-ip              6FE2 LF  ?       2  - -
ef-ufc                 6FE6 TR  30     10  - UFC
ef-nasconfig           6FE8 TR  18      2  - -
ef-uicciari            6FE7 LF  ?       2  - -
ef-pws                 6FEC TR  ?      10  - -
ef-fdnuri              6FED LF  ?       8  - FF~FF
ef-bdnuri              6FEE LF  ?       8  - FF~FF
ef-sdnuri              6FEF LF  ?       2  - FF~FF
ef-ial                 6FF0 LF  ?       3  - FF~FF
ef-ips                 6FF1 CY  ?x4    10  - FF~FF
ef-ipd                 6FF2 LF  ?       3  - FF~FF
ef-epdgid              6FF3 TR  ?       2  - -
ef-epdgselection       6FF4 TR  ?       2  - -
ef-epdgidem            6FF5 TR  ?       2  - -
ef-epdgselectionem     6FF6 TR  ?       2  - -
ef-frompreferred       6FF7 TR  1       2  - 00
ef-imsconfigdata       6FF8 BT  ?       2  - -
ef-3gpppsdataoff       6FF9 TR  4       2  - -
ef-3gpppsdataoffservicelist 6FFA LF  ?       2  - -
ef-xcapconfigdata      6FFC BT  ?       2  - -
ef-earfcnlist          6FFD TR  ?      10  - -
ef-mudmidconfigdata    6FFD BT  ?       2  - -
ef-eaka                6F01 TR  1       3  - -
[isim]
adf-isim               ---- ADF -      14  - -
ef-impi                6F02 TR  ?       2 02 -        adf-isim
ef-impu                6F04 LF  1x?     2 04 -        adf-isim
ef-domain              6F03 TR  ?       2 05 -        adf-isim
ef-ist                 6F07 TR  14      2 07 -        adf-isim
ef-ad                  6FAD TR  3      10 03 000000   adf-isim
ef-arr                 6F06 LF  ?      10 06 -        adf-isim
[opt-isim]
ef-pcscf               6F09 LF  1x?     2  - -
ef-sms                 6F3C LF  10x176  5  - 00FF~FF
ef-smsp                6F42 LF  1x38    5  - FF~FF
ef-smss                6F43 TR  2       5  - FFFF
ef-smsr                6F47 LF  10x30   5  - 00FF~FF
ef-gbabp               6FD5 TR  ?       5  - FF~FF
ef-gbanl               6FD7 LF  ?       2  - FF~FF
ef-nafkca              6FDD LF  ?       2  - FF~FF
ef-uicciari            6FE7 LF  ?       2  - -
ef-frompreferred       6FF7 TR  1       2  - 00
ef-imsconfigdata       6FF8 BT  ?       2  - -
ef-xcapconfigdata      6FFC BT  ?       2  - -
ef-webrtcuri           6FFA LF  ?       2  - -
ef-mudmidconfigdata    6FFA BT  ?       2  - -
[phonebook]
df-phonebook           5F3A DF  -      14  - -
ef-pbr                 4F30 LF  ?       2  - -        df-phonebook
ef-ext1                4F38 LF  ?x13    5  - 00FF~FF  df-phonebook
ef-aas                 4F40 LF  ?       5  - FF~FF    df-phonebook
ef-gas                 4F48 LF  ?       5  - FF~FF    df-phonebook
ef-psc                 4F22 TR  4       5  - 00000000 df-phonebook
ef-cc                  4F23 TR  2       5  - 0000     df-phonebook
ef-puid                4F24 TR  2       5  - 0000     df-phonebook
ef-iap                 4F50 LF  ?       5  - FF~FF    df-phonebook
ef-adn                 4F58 LF  ?       5  - FF~FF    df-phonebook
ef-pbc                 4F60 LF  ?x2     5  - 00~00    df-phonebook
ef-anr                 4F68 LF  ?       5  - FF~FF    df-phonebook
ef-puri                4F70 LF  ?       5  - -        df-phonebook
ef-email               4F78 LF  ?       5  - FF~FF    df-phonebook
ef-sne                 4F80 LF  ?       5  - FF~FF    df-phonebook
ef-uid                 4F88 LF  ?x2     5  - 0000     df-phonebook
ef-grp                 4F90 LF  ?       5  - 00~00    df-phonebook
ef-ccp1                4F98 LF  ?       5  - FF~FF    df-phonebook
[gsm-access]
df-gsm-access          5F3B DF  -      14  - -
ef-kc                  4F20 TR  9       5 01 FF~FF07  df-gsm-access
ef-kcgprs              4F52 TR  9       5 02 FF~FF07  df-gsm-access
ef-cpbcch              4F63 TR  10      5  - FF~FF    df-gsm-access
ef-invscan             4F64 TR  1       2  - 00       df-gsm-access
[csim]
adf-csim               ---- ADF -       1  - -
ef-arr                 6F06 LF  ?      10  - -        adf-csim
ef-call-count          6F21 CY  1x2    11  - 00       adf-csim
ef-imsi-m              6F22 TR  10     15  - -        adf-csim
ef-imsi-t              6F23 TR  10     15  - -        adf-csim
ef-tmsi                6F24 TR  16     16  - -        adf-csim
ef-ah                  6F25 TR  2      12  - 00       adf-csim
ef-aop                 6F26 TR  1      12  - -        adf-csim
ef-aloc                6F27 TR  7      12  - 00       adf-csim
ef-cdmahome            6F28 LF  ?x5    12  - -        adf-csim
ef-znregi              6F29 LF  ?x8    12  - 00       adf-csim
ef-snregi              6F2A TR  7      12  - -        adf-csim
ef-distregi            6F2B TR  8      12  - 00       adf-csim
ef-accolc              6F2C TR  1      20  - -        adf-csim
ef-term                6F2D TR  1      12  - -        adf-csim
ef-acp                 6F2F TR  7      12  - -        adf-csim
ef-prl                 6F30 TR  ?      17  - -        adf-csim
ef-ruimid              6F31 TR  8       1  - -        adf-csim
ef-csim-st             6F32 TR  ?      17  - -        adf-csim
ef-spc                 6F33 TR  3      18  - 00       adf-csim
ef-otapaspc            6F34 TR  1      12  - -        adf-csim
ef-namlock             6F35 TR  1      12  - -        adf-csim
ef-ota                 6F36 TR  ?      17  - -        adf-csim
ef-sp                  6F37 TR  1      12  - -        adf-csim
ef-esn-meid-me         6F38 TR  8      19  - 00       adf-csim
ef-li                  6F3A TR  ?       8  - -        adf-csim
ef-usgind              6F42 TR  1      20  - -        adf-csim
ef-ad                  6F43 TR  3      21  - 00       adf-csim
ef-max-prl             6F45 TR  ?      20  - -        adf-csim
ef-spcs                6F46 TR  1       9  - -        adf-csim
ef-mecrp               6F55 TR  3      12  - 00       adf-csim
ef-home-tag            6F70 TR  ?       5  - 00       adf-csim
ef-group-tag           6F71 TR  ?       5  - 00       adf-csim
ef-specific-tag        6F72 TR  ?       5  - 00       adf-csim
ef-call-prompt         6F73 TR  ?       5  - 00       adf-csim
[opt-csim]
ef-ssci                6F2E TR  1       3  - -
ef-fdn                 6F3B LF  ?      13  - FF~FF
ef-sms                 6F3C LF  ?       6  - 00FF~FF
ef-smsp                6F3D LF  ?       3  - FF~FF
ef-smss                6F3E TR  5       6  - FF~FF
ef-ssfc                6F3F TR  ?       6  - FF~FF
ef-spn                 6F41 TR  35      7  - -
ef-mdn                 6F44 LF  ?x11    3  - -
ef-ecc                 6F47 TR  ?      10  - -
ef-me3gpdopc           6F48 TR  1       3  - -
ef-3gpdopm             6F49 TR  1       3  - -
ef-sipcap              6F4A TR  4       4  - -
ef-mipcap              6F4B TR  5       4  - -
ef-sipupp              6F4C TR  ?       5  - -
ef-mipupp              6F4D TR  ?       5  - -
ef-sipsp               6F4E TR  1       3  - -
ef-mipsp               6F4F TR  ?       6  - -
ef-sippapss            6F50 TR  ?       6  - -
ef-puzl                6F53 TR  ?       6  - -
ef-maxpuzl             6F54 TR  5       5  - -
ef-hrpdcap             6F56 TR  3       4  - -
ef-hrpdupp             6F57 TR  ?       5  - -
ef-csspr               6F58 TR  1       4  - FF
ef-atc                 6F59 TR  1       4  - -
ef-eprl                6F5A TR  ?       5  - -
ef-bcsmscfg            6F5B TR  1       5  - -
ef-bcsmspref           6F5C TR  1       6  - -
ef-bcsmstable          6F5D LF  ?       5  - -
ef-bcsmsp              6F5E LF  ?x2     6  - FF~FF
ef-bakpara             6F63 LF  ?       5  - -
ef-upbakpara           6F64 CY  ?       6  - -
ef-mmsn                6F65 LF  ?       6  - 000000FF~FF
ef-ext8                6F66 LF  ?x13    6  - 00FF~FF
ef-mmsicp              6F67 TR  ?       5  - FF~FF
ef-mmsup               6F68 LF  ?       6  - FF~FF
ef-mmsucp              6F69 TR  ?       6  - FF~FF
ef-auth-capability     6F6A LF  ?x5     4  - -
ef-3gcik               6F6B TR  ?       4  - -
ef-dck                 6F6C TR  20      6  - -
ef-gid1                6F6D TR  ?       5  - -
ef-gid2                6F6E TR  ?       5  - -
ef-cdmacnl             6F6F LF  ?       5  - -
ef-sf-euimid           6F74 TR  ?       1  - -
ef-est                 6F75 TR  ?      13  - -
ef-hidden-key          6F76 TR  4       3  - FF~FF
ef-lcsver              6F77 TR  2       5  - -
ef-lcscp               6F78 TR  ?       5  - -
ef-sdn                 6F79 LF  ?       5  - FF~FF
ef-ext2                6F7A LF  ?x13    2  - 00FF~FF
ef-ext3                6F7B LF  ?x13    4  - 00FF~FF
ef-ici                 6F7C CY  ?       6  - FF~FF
ef-oci                 6F7D CY  ?       6  - FF~FF
ef-ext5                6F7E LF  ?x13    3  - 00FF~FF
ef-ccp2                6F7F LF  ?x15    6  - FF~FF
ef-applabels           6F80 TR  ?       5  - -
ef-model               6F81 TR  126     6  - FF~FF
ef-rc                  6F82 TR  ?       5  - -
ef-smscap              6F83 TR  4       6  - -
ef-mipflags            6F84 TR  1       5  - -
ef-3gpduppext          6F85 TR  ?       5  - -
ef-ipv6cap             6F87 TR  21      5  - -
ef-tcpconfig           6F88 TR  2       5  - -
ef-dgc                 6F89 TR  3       5  - -
ef-wapbrowsercp        6F8A TR  ?       5  - -
ef-wapbrowserbm        6F8B TR  ?       6  - -
ef-mmsconfig           6F8C TR  8       5  - -
ef-jdl                 6F8D TR  ?       5  - -
[eap]
df-eap                 ---- DF  -      14  - -
ef-eapkeys             4F01 TR  ?       2  - -        df-eap
ef-eapstatus           4F02 TR  1       2  - 00       df-eap
ef-puid                4F03 TR  ?       2  - -        df-eap
ef-ps                  4F04 TR  ?       5  - FF~FF    df-eap
ef-curid               4F20 TR  ?       5  - FF~FF    df-eap
ef-reid                4F21 TR  ?       5  - -        df-eap
ef-realm               4F22 TR  ?       5  - -        df-eap
[df-5gs]
df-df-5gs              5FC0 DF  -      14  - -
ef-5gs3gpploci         4F01 TR  20      5 01 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001 df-df-5gs
ef-5gsn3gpploci        4F02 TR  20      5 02 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001 df-df-5gs
ef-5gs3gppnsc          4F03 LF  1x57    5 03 FF~FF    df-df-5gs
ef-5gsn3gppnsc         4F04 LF  1x57    5 04 FF~FF    df-df-5gs
ef-5gauthkeys          4F05 TR  110     5 05 -        df-df-5gs
ef-uac-aic             4F06 TR  4       2 06 -        df-df-5gs
ef-suci-calc-info      4F07 TR  ?       2 07 FF~FF    df-df-5gs
ef-opl5g               4F08 LF  ?x10   10 08 FF~FF    df-df-5gs
ef-supinai             4F09 TR  ?       2 09 -        df-df-5gs
ef-routing-indicator   4F0A TR  4       2 0A F0FFFFFF df-df-5gs
ef-ursp                4F0B BT  ?       2  - -        df-df-5gs
ef-tn3gppsnn           4F0C TR  1       2 0C 00       df-df-5gs
ef-cag                 4F0D TR  2       2 0D -        df-df-5gs
ef-sor-cmci            4F0E TR  ?       2 0E -        df-df-5gs
ef-dri                 4F0F TR  7       2 0F -        df-df-5gs
ef-5gsedrx             4F10 TR  2       2 10 -        df-df-5gs
ef-5gnswo-conf         4F11 TR  1       2 11 -        df-df-5gs
ef-mchpplmn            4F15 TR  1       2 15 -        df-df-5gs
ef-kausf-derivation    4F16 TR  1       2 16 -        df-df-5gs
[df-saip]
df-df-saip             5FD0 DF  -      14  - -
ef-suci-calc-info-usim 4F01 TR  ?       3  - FF~FF    df-df-saip
[df-snpn]
df-df-snpn             5FE0 DF  -      14  - -
ef-pws-snpn            4F01 TR  1      10  - -        df-df-snpn
[df-5gprose]
df-df-5g-prose         5FF0 DF  -      14  - -
ef-5g-prose-st         4F01 TR  1       2 01 -        df-df-5g-prose
ef-5g-prose-dd         4F02 TR  26      2 02 -        df-df-5g-prose
ef-5g-prose-dc         4F03 TR  12      2 03 -        df-df-5g-prose
ef-5g-prose-u2nru      4F04 TR  32      2 04 -        df-df-5g-prose
ef-5g-prose-ru         4F05 TR  29      2 05 -        df-df-5g-prose
ef-5g-prose-uir        4F06 TR  32      2 06 -        df-df-5g-prose
[iot]
mf                     3F00 MF  -      14  - -
ef-pl                  2F05 TR  2       1 05 FF~FF    mf
ef-iccid               2FE2 TR  10     11 02 -        mf
ef-dir                 2F00 LF  ?      10 1E -        mf
ef-arr                 2F06 LF  ?      10  - -        mf
ef-umpc                2F08 TR  5      10 08 -        mf
adf-usim               ---- ADF -      14  - -
ef-imsi                6F07 TR  9       2 07 -        adf-usim
ef-arr-usim            6F06 LF  ?      10 17 -        adf-usim
ef-keys                6F08 TR  33      5 08 07FF~FF  adf-usim
ef-keysPS              6F09 TR  33      5 09 07FF~FF  adf-usim
ef-hpplmn              6F31 TR  1       2 12 0A       adf-usim
ef-ust                 6F38 TR  14      2 04 -        adf-usim
ef-start-hfn           6F5B TR  6       5 0F F00000F00000 adf-usim
ef-threshold           6F5C TR  3       2 10 FFFFFF   adf-usim
ef-psloci              6F73 TR  14      5 0C FFFFFFFFFFFFFFFFFFFF0000FF01 adf-usim
ef-acc                 6F78 TR  2       2 06 -        adf-usim
ef-fplmn               6F7B TR  12      5 0D FF~FF    adf-usim
ef-loci                6F7E TR  11      5 0B FFFFFFFFFFFFFF0000FF01 adf-usim
ef-ad                  6FAD TR  4      10 03 00000002 adf-usim
ef-ecc                 6FB7 LF  1x4    10 01 -        adf-usim
ef-netpar              6FC4 TR  128     5  - FF~FF    adf-usim
[opt-iot]
ef-fdn                 6F3B LF  20x26   8  - FF~FF
ef-sms                 6F3C LF  10x176  5  - 00FF~FF
ef-smsp                6F42 LF  1x38    5  - FF~FF
ef-smss                6F43 TR  2       5  - FFFF
ef-spn                 6F46 TR  17     10  - -
ef-est                 6F56 TR  1       8 05 -
ef-oplmnwact           6F61 TR  40      2 11 FFFFFF0000
ef-hplmnwact           6F62 TR  5       2 13 FFFFFF0000
ef-ehplmn              6FD9 TR  15      2 1D FF~FF
ef-epsloci             6FE3 TR  18      5 1E FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001
ef-epsnsc              6FE4 LF  1x80    5 18 FF~FF
df-df-5gs              5FC0 DF  -      14  - -
ef-5gs3gpploci         4F01 TR  20      5 01 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001 df-df-5gs
ef-5gsn3gpploci        4F02 TR  20      5 02 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001 df-df-5gs
ef-5gs3gppnsc          4F03 LF  1x57    5 03 FF~FF    df-df-5gs
ef-5gsn3gppnsc         4F04 LF  1x57    5 04 FF~FF    df-df-5gs
ef-5gauthkeys          4F05 TR  110     5 05 -        df-df-5gs
ef-uac-aic             4F06 TR  4       2 06 -        df-df-5gs
ef-suci-calc-info      4F07 TR  ?       2 07 FF~FF    df-df-5gs
ef-opl5g               4F08 LF  ?x10   10 08 FF~FF    df-df-5gs
ef-supi-nai            4F09 TR  ?       2 09 -        df-df-5gs
ef-routing-indicator   4F0A TR  4       2 0A F0FFFFFF df-df-5gs
ef-ursp                4F0B BT  ?       2  - -        df-df-5gs
ef-tn3gppsnn           4F0C TR  1       2 0C 00       df-df-5gs
df-df-saip             5FD0 DF  -      14  - -
ef-suci-calc-info-usim 4F01 TR  ?       3  - FF~FF    df-df-saip
"""
"""Field, identifier, kind, size (records x bytes), rule, SFI, content, directory.

The content `00FF~FF` is 00, then FF up to the last byte, which is FF; one without ~ repeats.
"""

CREATED_BY_DEFAULT = frozenset({"mf", "usim", "isim", "csim", "iot"})
"""Elements whose files are all created, also those that the element does not have."""

_SERVICE_TABLE = {"2.23.143.1.2.4": 14}
"""Bytes of EF.UST by template; 17 in all later ones."""

_NEWER_NSC = frozenset({"2.23.143.1.2.13.3", "2.23.143.1.2.13.4"})
_NSC = ("ef-5gs3gppnsc", "ef-5gsn3gppnsc")


def _read(line: str) -> FileTemplate:
    field, fid, kind, size, rule, sfi, fill, *parent = line.split()
    count, _, record = size.rpartition("x") if "x" in size else (size, "", "")
    return FileTemplate(
        field,
        None if fid == "----" else bytes.fromhex(fid),
        Kind(kind),
        int(count) if count.isdecimal() else None,
        int(record) if record.isdecimal() else None,
        int(rule),
        None if sfi == "-" else int(sfi, 16),
        _pattern(fill),
        parent[0] if parent else None,
    )


_UFC = bytes.fromhex("801E60C01E900080040000000000000000F0000000004000000000000080")
"""EF.UFC by default, 3GPP TS 31.102 clause 4.2.105."""


def _pattern(text: str) -> Pattern:
    if text == "-":
        return BLANK
    if text == "UFC":
        return Pattern(_UFC)
    start, repeats, end = text.partition("~")
    return Pattern(bytes.fromhex(start), bytes.fromhex(end), whole=not repeats)


def _templates() -> dict[str, dict[str, FileTemplate]]:
    found: dict[str, dict[str, FileTemplate]] = {}
    element = ""
    for line in _TABLE.strip().splitlines():
        if line.startswith("["):
            element = line.strip("[]")
            found[element] = {}
        else:
            one = _read(line)
            found[element][one.field] = one
    return found


TEMPLATES: Mapping[str, Mapping[str, FileTemplate]] = _templates()
"""The files of each element with a template, by the name of the element and of the field."""

if {name: list(of) for name, of in TEMPLATES.items()} != {
    name: list(of) for name, of in FILES.items()
}:
    raise ValueError("the file templates are not those of the Profile Elements")


def size_of(template: str, one: FileTemplate) -> tuple[int | None, int | None]:
    """The count and the record size that a file has in the template with that OID."""
    if one.field == "ef-ust":
        return _SERVICE_TABLE.get(template, 17), None
    if one.field in _NSC and template in _NEWER_NSC:
        return 2, 62
    return one.count, one.record
