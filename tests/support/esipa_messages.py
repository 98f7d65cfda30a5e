"""Messages of ESipa as values, one of each kind: name and value of an IPA's and an eIM's."""

from __future__ import annotations

from typing import Any

from support.euiccs import sgp22, vector22
from support.hexes import hx
from support.vectors import vector

EID = hx("89049032123451234512345678901235")
NUMBER = hx("0102030405060708")
RESULT, PACKAGE = vector("res_enable_ok"), vector("pkg_enable")
INSTALLED = vector22("ES10b.LoadBoundProfilePackage (final response, success)")[1]
NOTIFICATION = vector22("ES10b.RetrieveNotificationsList (by seq, other)")[1][9:]
INFO1 = vector22("ES10b.GetEUICCInfo1")[1]
CERTIFICATES = {name: hx(one["der"]) for name, one in sgp22()["certificates"].items()}
SIGNED1 = hx("302C 8001 01 8110") + bytes(16) + hx("8303 612E62 8410") + bytes(16)
SIGNED2 = hx("3006 8001 01 0101 00")
METADATA = hx("BF25 12 5A0A 98001032547698103214 9101 41 9201 42")
DEVICE = {"tac": hx("35290611"), "deviceCapabilities": {}}
FULL_DATA = {
    "notificationsList": [NOTIFICATION, INSTALLED],
    "defaultSmdpAddress": "smdp.example.com",
    "euiccPackageResultList": [RESULT],
    "euiccInfo1": INFO1,
    "rootSmdsAddress": "smds.example.com",
    "associationToken": 1,
    "eumCertificate": CERTIFICATES["EUM"],
    "euiccCertificate": CERTIFICATES["EUICC"],
    "eimTransactionId": NUMBER,
    "ipaCapabilities": {
        "ipaFeatures": frozenset({0, 3}),
        "ipaSupportedProtocols": frozenset({0}),
    },
    "deviceInfo": DEVICE,
}


def provided(form: str, value: Any) -> dict[str, Any]:
    return {"eidValue": EID, "eimPackageResult": (form, value)}


FROM_IPAS: list[tuple[str, Any]] = [
    ("getEimPackageRequest", {"eidValue": EID}),
    (
        "getEimPackageRequest",
        {"eidValue": EID, "notifyStateChange": None, "stateChangeCause": 7, "rPLMN": hx("62F220")},
    ),
    ("provideEimPackageResult", provided("euiccPackageResult", RESULT)),
    ("provideEimPackageResult", {"eimPackageResult": ("euiccPackageResult", RESULT)}),
    (
        "provideEimPackageResult",
        provided(
            "ePRAndNotifications",
            {"euiccPackageResult": RESULT, "notificationList": [NOTIFICATION, INSTALLED]},
        ),
    ),
    (
        "provideEimPackageResult",
        provided("ipaEuiccDataResponse", ("ipaEuiccData", FULL_DATA)),
    ),
    ("provideEimPackageResult", provided("ipaEuiccDataResponse", ("ipaEuiccData", {}))),
    (
        "provideEimPackageResult",
        provided(
            "ipaEuiccDataResponse",
            (
                "ipaEuiccDataResponseError",
                {"eimTransactionId": NUMBER, "ipaEuiccDataErrorCode": "euiccCiPKIdNotFound"},
            ),
        ),
    ),
    (
        "provideEimPackageResult",
        provided(
            "profileDownloadTriggerResult",
            {
                "eimTransactionId": NUMBER,
                "profileDownloadTriggerResultData": ("profileInstallationResult", INSTALLED),
            },
        ),
    ),
    (
        "provideEimPackageResult",
        provided(
            "profileDownloadTriggerResult",
            {
                "profileDownloadTriggerResultData": (
                    "profileDownloadError",
                    {"profileDownloadErrorReason": "undefinedError", "errorResponse": b"no"},
                )
            },
        ),
    ),
    (
        "provideEimPackageResult",
        provided(
            "eimPackageResultResponseError",
            {"eimTransactionId": NUMBER, "eimPackageResultErrorCode": "unknownPackage"},
        ),
    ),
    (
        "handleNotificationEsipa",
        ("pendingNotification", ("profileInstallationResult", INSTALLED)),
    ),
    (
        "handleNotificationEsipa",
        ("pendingNotification", ("otherSignedNotification", NOTIFICATION)),
    ),
    (
        "handleNotificationEsipa",
        ("provideEimPackageResult", provided("euiccPackageResult", RESULT)),
    ),
    ("transferEimPackageResponse", ("euiccPackageResult", RESULT)),
    ("transferEimPackageResponse", ("eimPackageReceived", None)),
    ("transferEimPackageResponse", ("eimPackageError", "invalidPackageFormat")),
    ("transferEimPackageResponse", ("ipaEuiccDataResponse", ("ipaEuiccData", FULL_DATA))),
    (
        "initiateAuthenticationRequestEsipa",
        {
            "euiccChallenge": bytes(16),
            "smdpAddress": "smdp.example.com",
            "euiccInfo1": INFO1,
            "eimTransactionId": NUMBER,
        },
    ),
    ("initiateAuthenticationRequestEsipa", {"euiccChallenge": bytes(16)}),
    (
        "authenticateClientRequestEsipa",
        {
            "transactionId": NUMBER,
            "authenticateServerResponse": vector22("ES10b.AuthenticateServer (error)")[1],
        },
    ),
    (
        "getBoundProfilePackageRequestEsipa",
        {
            "transactionId": NUMBER,
            "prepareDownloadResponse": vector22("ES10b.PrepareDownload (confirmation code)")[1],
        },
    ),
    (
        "cancelSessionRequestEsipa",
        {
            "transactionId": NUMBER,
            "cancelSessionResponse": vector22("ES10b.CancelSession")[1],
        },
    ),
]

FROM_EIMS: list[tuple[str, Any]] = [
    ("getEimPackageResponse", ("euiccPackageRequest", PACKAGE)),
    *(
        ("getEimPackageResponse", ("eimPackageError", code))
        for code in (
            "noEimPackageAvailable",
            "eidNotFound",
            "invalidEid",
            "missingEid",
            "undefinedError",
        )
    ),
    ("getEimPackageResponse", ("ipaEuiccDataRequest", {"tagList": hx("BF20A5A6")})),
    (
        "getEimPackageResponse",
        (
            "ipaEuiccDataRequest",
            {
                "tagList": hx("A0A2"),
                "euiccCiPKIdentifierToBeUsed": bytes(20),
                "searchCriteriaNotification": ("profileManagementOperation", frozenset({1, 2})),
                "searchCriteriaEuiccPackageResult": ("seqNumber", 300),
                "eimTransactionId": NUMBER,
            },
        ),
    ),
    *(
        (
            "getEimPackageResponse",
            (
                "profileDownloadTriggerRequest",
                {"profileDownloadData": data, "eimTransactionId": NUMBER},
            ),
        )
        for data in (
            ("activationCode", "LPA:1$smdp.example.com$CODE-1"),
            ("contactDefaultSmdp", None),
            ("contactSmds", {}),
            ("contactSmds", {"smdsAddress": "smds.example.com"}),
        )
    ),
    ("provideEimPackageResultResponse", ("eimAcknowledgements", [1, 128, 70000])),
    ("provideEimPackageResultResponse", ("eimAcknowledgements", [])),
    ("provideEimPackageResultResponse", ("emptyResponse", {})),
    *(
        ("provideEimPackageResultResponse", ("provideEimPackageResultError", code))
        for code in ("eidNotFound", "invalidEid", "missingEid", "undefinedError")
    ),
    ("transferEimPackageRequest", ("euiccPackageRequest", PACKAGE)),
    ("transferEimPackageRequest", ("eimAcknowledgements", [8])),
    (
        "initiateAuthenticationResponseEsipa",
        (
            "initiateAuthenticationOkEsipa",
            {
                "transactionId": NUMBER,
                "serverSigned1": SIGNED1,
                "serverSignature1": bytes(64),
                "euiccCiPKIdentifierToBeUsed": bytes(20),
                "serverCertificate": CERTIFICATES["DPauth"],
                "matchingId": "CODE-1",
                "ctxParams1": ("ctxParamsForCommonAuthentication", {"deviceInfo": DEVICE}),
            },
        ),
    ),
    *(
        ("initiateAuthenticationResponseEsipa", ("initiateAuthenticationErrorEsipa", code))
        for code in (
            "invalidDpAddress",
            "euiccVersionNotSupportedByDp",
            "ciPKIdNotSupported",
            "smdpAddressMismatch",
            "smdpOidMismatch",
            "invalidEimTransactionId",
            "undefinedError",
        )
    ),
    (
        "authenticateClientResponseEsipa",
        (
            "authenticateClientOkDPEsipa",
            {
                "transactionId": NUMBER,
                "profileMetaData": METADATA,
                "smdpSigned2": SIGNED2,
                "smdpSignature2": bytes(64),
                "smdpCertificate": CERTIFICATES["DPpb"],
                "hashCc": bytes(32),
            },
        ),
    ),
    (
        "authenticateClientResponseEsipa",
        (
            "authenticateClientOkDSEsipa",
            {"transactionId": NUMBER, "profileDownloadTrigger": {"eimTransactionId": NUMBER}},
        ),
    ),
    *(
        ("authenticateClientResponseEsipa", ("authenticateClientErrorEsipa", code))
        for code in (
            "eumCertificateInvalid",
            "eumCertificateExpired",
            "euiccCertificateInvalid",
            "euiccCertificateExpired",
            "euiccSignatureInvalid",
            "matchingIdRefused",
            "eidMismatch",
            "noEligibleProfile",
            "ciPKUnknown",
            "invalidTransactionId",
            "insufficientMemory",
            "pprNotAllowed",
            "eventIdUnknown",
            "undefinedError",
        )
    ),
    *(
        ("getBoundProfilePackageResponseEsipa", ("getBoundProfilePackageErrorEsipa", code))
        for code in (
            "euiccSignatureInvalid",
            "confirmationCodeMissing",
            "confirmationCodeRefused",
            "confirmationCodeRetriesExceeded",
            "bppRebindingRefused",
            "downloadOrderExpired",
            "metadataMismatch",
            "invalidTransactionId",
            "undefinedError",
        )
    ),
    ("cancelSessionResponseEsipa", ("cancelSessionOk", {})),
    *(
        ("cancelSessionResponseEsipa", ("cancelSessionError", code))
        for code in ("invalidTransactionId", "euiccSignatureInvalid", "undefinedError")
    ),
]
