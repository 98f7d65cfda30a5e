"""The messages of SGP.22, SGP.32 and ESipa: their ASN.1 types, their values, a codec between both.

Bytes come in and values go out, or the other way round; what a message is for is known elsewhere.

A type is a pyasn1 class under the name that the standard gives it, in a module for each document
and subject (`sgp22/`, `sgp32/`, `esipa/`; what is in no standard, in `own/`). Beside it stands the
type of its values, for mypy, under the same name with "Value": a TypedDict for a SEQUENCE, a
union of pairs for a CHOICE, and for codes a Literal whose name ends in "Name":

    GetCertsErrorName = Literal["invalidCiPKId", "undefinedError"]
    GetCertsResponseValue = (
        tuple[Literal["certs"], CertsValue]
        | tuple[Literal["getCertsError"], GetCertsErrorName | UnknownCode]
    )

    class GetCertsResponse(Choice[GetCertsResponseValue]):
        tagSet = choice_context(0x56)
        componentType = ...

A version is a `Wire`, and `wire[GetCertsResponse]` is the message as that version has it:

    answer = wire[GetCertsResponse].decode(data)          # a GetCertsResponseValue
    match answer:
        case ("certs", certs):                            # a CertsValue
            ...certs["euiccCertificate"]
        case ("getCertsError", "invalidCiPKId"):
            ...
        case ("getCertsError", code):                     # another name, or an UnknownCode
            ...
    data = wire[GetCertsResponse].encode(("getCertsError", "undefinedError"))

`codec.message(Type)` is the same for types that no version changes, such as those of ESipa, and
`prepared(Type, data)` puts what is encoded already in the place of a value. A value's type has the
fields, alternatives and codes of all versions: what a version lacks, `Message.known` leaves out.

Another version's type is a subclass of the one whose place it takes, in a module that says since
or until when (`sgp32/v1_3.py`); `Wire` rebuilds what encloses it. Start reading at `wire`.
"""
