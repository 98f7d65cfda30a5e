"""The parties that a card deals with, each in its own package.

    lpa/        LPA: software of a phone that downloads and manages Profiles for the user
    ipa/        IPA: software of a device without a user that carries out an eIM's orders
    eim/        eIM: a server with which an operator manages the Profiles of many devices
    smdpp/      SM-DP+: a server that holds Profiles and binds each to one card
    smds/       SM-DS: a server that tells a card which servers have something for it
    authentication/  mutual authentication, shared by SM-DP+ and SM-DS
    clients/    the client side of ES9+ and ESipa over HTTPS
    messages/   shared by the parties: errors, interfaces, reading and writing of messages

A party reaches a card only as bytes: a command APDU goes in, data and a status word come out. It
knows the messages of SGP.22 and SGP.32, not how a card stores anything. Parties import `messages`
and `clients`, never each other, except that the IPA builds on the LPA; so each can be taken out and
run alone. Start reading at `lpa`, the smallest.
"""
