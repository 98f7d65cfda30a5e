"""The tables of functions in the README, made from the card's own registries.

Functions of our own, which are in no standard, are not in them.
"""

from euicc_sim.asn1.sgp32.packages import Eco
from euicc_sim.es10 import FUNCTIONS
from euicc_sim.es10.packages.operations import OPERATIONS
from euicc_sim.es10.registry import Versions

BEGIN, END = "<!-- functions: begin -->", "<!-- functions: end -->"

TESTS = {
    "GetEUICCInfo1": "test_information.py",
    "GetEUICCInfo2": "test_information.py",
    "ListNotification": "test_notifications.py",
    "RetrieveNotificationsList": "test_results_store.py",
    "GetProfilesInfo": "test_profiles_info.py",
    "SetNickname": "test_nickname.py",
    "EnableProfile": "test_enable_profile.py",
    "DisableProfile": "test_disable_profile.py",
    "DeleteProfile": "test_delete_profile.py",
    "eUICCMemoryReset (ES10c)": "test_memory_reset_profiles.py",
    "LoadBoundProfilePackage": "test_load_bpp_channel.py",
    "IpaeActivation": "test_connectivity.py",
    "ProfileRollback": "test_rollback.py",
    "ConfigureImmediateProfileEnabling": "test_immediate_enable_configuration.py",
    "ImmediateEnable": "test_immediate_enable.py",
    "EnableEmergencyProfile": "test_emergency.py",
    "DisableEmergencyProfile": "test_emergency.py",
    "ExecuteFallbackMechanism": "test_fallback.py",
    "ReturnFromFallback": "test_fallback.py",
    "GetConnectivityParameters": "test_connectivity.py",
    "GetEUICCChallenge": "test_information.py",
    "RemoveNotificationFromList": "test_results_store.py",
    "GetEuiccConfiguredAddresses": "test_addresses.py",
    "GetEID": "test_identity.py",
    "SetDefaultDpAddress (ES10a)": "test_addresses.py",
    "GetRAT": "test_information.py",
    "AuthenticateServer": "test_authenticate_server.py",
    "PrepareDownload": "test_prepare_download.py",
    "CancelSession": "test_cancel_session.py",
    "LoadEuiccPackage": "test_package_verification.py",
    "GetEimConfigurationData": "test_configuration_of_eims.py",
    "GetCerts": "test_certificates.py",
    "AddInitialEim": "test_add_initial_eim.py",
    "eUICCMemoryReset": "test_memory_reset.py",
    "SetDefaultDpAddress": "test_addresses.py",
    "addEim": "test_eco_add.py",
    "updateEim": "test_eco_update.py",
    "deleteEim": "test_eco_delete.py",
    "listEim": "test_eco_delete.py",
    "enable": "test_psmo_enable.py",
    "disable": "test_psmo_disable.py",
    "delete": "test_psmo_delete.py",
    "listProfileInfo": "test_psmo_lists.py",
    "getRAT": "test_psmo_lists.py",
    "configureImmediateEnable": "test_immediate_enable_configuration.py",
    "setFallbackAttribute": "test_psmo_fallback_attribute.py",
    "unsetFallbackAttribute": "test_psmo_fallback_attribute.py",
    "setDefaultDpAddress": "test_psmo_without_profiles.py",
}
"""Where in tests/card each is tested."""


def table() -> str:
    """The Markdown between the two marks."""
    rows = ["| tag | function | clause | SGP.32 | test |", "|---|---|---|---|---|"]
    for tag, one in sorted(FUNCTIONS.items()):
        if one.clause is not None:
            rows.append(_row(f"`{tag:X}`", one.name, one.clause, versions(one.versions)))
    rows += ["", "| in a package | kind | clause | SGP.32 | test |", "|---|---|---|---|---|"]
    for name, operation in OPERATIONS.items():
        kind, since = "eCO" if operation.kind is Eco else "PSMO", f"since {operation.since}"
        if operation.clause is not None:
            rows.append(_row(f"`{name}`", kind, operation.clause, since, name))
    return "\n".join(rows)


def versions(of: Versions) -> str:
    """Which versions of SGP.32 have a function, in words."""
    if of.only == "SGP.22":
        return "SGP.22 only"
    return f"until {of.until}" if of.until else f"since {of.since}"


def _row(first: str, second: str, clause: str, versions: str, name: str = "") -> str:
    key = name or second
    if key not in TESTS:
        raise LookupError(f"{key} has no test in TESTS of tests/support/function_table.py")
    test = TESTS[key]
    return f"| {first} | {second} | {clause} | {versions} | [`{test}`](../tests/card/{test}) |"
