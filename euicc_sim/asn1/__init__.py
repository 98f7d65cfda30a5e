"""The messages of SGP.22, SGP.32, ES9+ and ESipa: ASN.1 types, their values, and a codec.

Converts bytes to values and back; does not know what a message is for.

A type is a pyasn1 class with the name that the standard gives it, in a module for each document
and subject (`sgp22/`, `sgp32/`, `es9plus/`, `esipa/`; `own/` for proprietary types). Beside it is
the type of its values, for mypy, with "Value" appended to the name: a TypedDict for a SEQUENCE, a
union of pairs for a CHOICE; for codes, a Literal with a name that ends in "Name":

    GetCertsErrorName = Literal["invalidCiPKId", "undefinedError"]
    GetCertsResponseValue = (
        tuple[Literal["certs"], CertsValue]
        | tuple[Literal["getCertsError"], GetCertsErrorName | UnknownCode]
    )

    class GetCertsResponse(Choice[GetCertsResponseValue]):
        tagSet = choice_context(0x56)
        componentType = ...

A version is a `Wire`, and `wire[GetCertsResponse]` is the message in that version:

    answer = wire[GetCertsResponse].decode(data)          # a GetCertsResponseValue
    match answer:
        case ("certs", certs):                            # a CertsValue
            ...certs["euiccCertificate"]
        case ("getCertsError", "invalidCiPKId"):
            ...
        case ("getCertsError", code):                     # another name, or an UnknownCode
            ...
    data = wire[GetCertsResponse].encode(("getCertsError", "undefinedError"))

`codec.message(Type)` is the same for types that no version changes, such as those of ESipa;
`prepared(Type, data)` stands for a value that is encoded already. The type of a value has the
fields, alternatives and codes of all versions; `Message.known` leaves out what a version lacks.

Another version's type is a subclass of the one that it replaces, in a module that says since or
until when (`sgp32/v1_3.py`); `Wire` rebuilds the types around it. Start reading at `wire`.
"""
