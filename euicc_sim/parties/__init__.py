"""The other side of the table: the parties that a card meets, each in a room of its own.

    lpa/        LPA: the program of a phone that downloads and manages Profiles for its user
    ipa/        IPA: the program of a device without a user that does what an eIM orders
    eim/        eIM: the server from which an operator manages the Profiles of many devices
    smdpp/      SM-DP+: the server that holds Profiles and binds each to one card
    clients/    the asking side of ES9+ and ESipa over HTTPS
    messages/   what several parties need: errors, interfaces, reading and writing of messages

A party reaches a card only as bytes: a command APDU goes in, data and a status word come out. It
knows the messages of SGP.22 and SGP.32, never how a card keeps anything. Parties import `messages`
and `clients` and never each other, but for the IPA, which downloads as an LPA does; so each can be
taken out and run alone. Start reading at `lpa`, the smallest.
"""
