"""Which card tests play over PC/SC as well, and why those.

Every card test plays straight against the card. What a reader, pcscd and vpcd add is the way that
bytes take, so there play: each case of ISO 7816-4 that a reader might bend, what real programs
send, each function of the card once, and what must stay true while a reader holds the card.
`pytest --pcsc-all` plays every test on both ways.

A name is a module of tests/card, a test without its `test_`, and which of its cases; without that,
the first.
"""

from __future__ import annotations

CHOSEN: dict[str, tuple[str, ...]] = {
    "the four cases, short and extended: a reader may turn one into another": (
        "apdu_cases::case_1_has_four_bytes_and_a_bare_status_word",
        "apdu_cases::case_1_written_with_a_fifth_byte_closes_a_channel",
        "apdu_cases::case_2_brings_data_and_9000",
        "apdu_cases::case_3_with_an_answer_announces_it_and_brings_none",
        "apdu_cases::case_4_with_a_short_le_brings_that_much_and_announces_the_rest",
        "apdu_cases::case_4_with_le_00_brings_the_whole_answer_at_once",
        "apdu_cases::extended_case_2_reads_a_record",
        "apdu_cases::extended_case_3_announces_the_answer",
        "apdu_cases::extended_case_4_brings_the_whole_answer",
        "apdu_cases::store_data_without_data_and_a_fifth_byte_00_is_9000",
    ),
    "lengths at their limits: a reader may cut, pad or refuse them": (
        "apdu_cases::one_extended_command_carries_what_short_ones_need_many_for",
        "apdu_cases::an_extended_le_brings_more_than_256_bytes_at_once",
        "apdu_cases::a_short_command_never_gets_more_than_256_bytes",
        "apdu_cases::a_wrong_lc_is_6700[80E29100 07 BF3E035C015A]",
        "apdu_cases::a_wrong_lc_is_6700[80E29100 000007 BF3E035C015A]",
        "apdu_cases::the_card_works_after_commands_that_were_nonsense",
        "files::read_binary_of_too_much_is_6cxx",
        "files::read_record_with_another_le_is_6cxx",
        "files::status_in_four_bytes_announces_its_answer",
    ),
    "classes and instructions that no layer between may judge": (
        "apdu_cases::a_reserved_class_is_6e00",
        "apdu_cases::an_unknown_instruction_is_6d00",
        "channels::secure_messaging_is_6882",
        "files::terminal_capability_is_always_9000",
    ),
    "GET RESPONSE: a reader may send one of its own, or keep 61xx and 6Cxx for itself": (
        "get_response::any_class_of_the_channel_fetches",
        "get_response::any_class_of_a_further_channel_fetches",
        "get_response::an_answer_may_be_fetched_in_pieces",
        "get_response::le_00_fetches_all_that_waits",
        "get_response::without_le_nothing_is_fetched_and_61_says_again_what_waits",
        "get_response::a_le_that_is_too_long_is_6cxx_and_nothing_is_lost",
        "get_response::nothing_waiting_is_6985",
        "get_response::any_other_command_drops_what_waits",
        "get_response::a_command_on_another_channel_leaves_what_waits",
        "select::without_le_the_fci_of_the_isdr_waits",
        "select::with_le_the_fci_comes_at_once",
        "files::without_le_the_fcp_waits",
        "ecasd::get_data_without_le_announces_the_eid",
    ),
    "logical channels: the class byte has to arrive as it was sent": (
        "channels::a_channel_is_opened_by_its_number_without_data",
        "channels::open_without_le_announces_the_number",
        "channels::the_card_gives_19_channels_and_then_6a81",
        "channels::each_channel_has_its_own_application",
        "channels::each_channel_has_its_own_answer_waiting",
        "channels::each_channel_chains_its_own_command",
        "channels::a_channel_above_3_closes_itself",
        "channels::a_command_on_a_channel_that_is_not_open_is_6881",
    ),
    "chaining, blocks and requests of more than one APDU": (
        "store_data::chained_commands_are_one_command",
        "store_data::select_is_chained_like_any_other_command",
        "store_data::a_chain_of_64_kib_is_taken_in_extended_commands",
        "store_data::a_request_of_more_than_64_kib_is_taken",
        "store_data::a_request_in_blocks_of_any_size_is_one_request",
        "store_data::a_block_without_data_is_9000",
        "store_data::number_00_follows_ff",
        "store_data::any_other_command_on_the_channel_drops_unfinished_blocks",
        "load_bpp_framing::every_cut_installs",
        "load_bpp_framing::the_test_profiles_of_ts_48_install",
    ),
    "answers that take many APDUs": (
        "profiles_info::fifty_profiles_with_their_icons_fit_into_one_answer",
        "store_data::a_long_contact_list_comes_in_many_blocks",
        "result_size::results_beyond_32_kib_end_with_result_size_overflow",
    ),
    "a reset through the reader: what goes and what stays": (
        "channels::a_reset_closes_all_channels",
        "channels::a_reset_forgets_the_selection_and_what_was_begun",
        "authenticate_server::a_challenge_does_not_outlive_a_reset",
        "add_initial_eim::trust_outlives_a_reset",
        "enable_profile::it_stays_enabled_through_a_reset_and_the_end_of_the_process",
        "load_bpp_retry::after_a_reset_nothing_is_left_to_cancel",
    ),
    "what programs of others send, byte by byte": (
        "clients::an_ipa_knows_an_iot_euicc_by_its_eim_configuration_data",
        "clients::euicc_go_lists_the_profiles",
        "clients::lpac_asks_in_blocks_of_120_bytes",
        "clients::lpac_reads_the_chip_info",
        "clients::onomondo_ipa_comes_back_without_a_reset",
        "clients::onomondo_ipa_on_the_basic_channel",
        "clients::openeuicc_ends_every_step_with_9000",
        "clients::openeuicc_through_omapi_adds_le",
        "clients::pysim_shell_starts_up",
        "load_bpp_vectors::the_apdus_of_lpac_on_its_channel_are_answered_as_written_down",
    ),
    "each function once: nothing between may know their tags": (
        "identity::the_eid_is_the_one_of_the_gsma_test_card",
        "information::info1_and_info2_agree",
        "information::a_challenge_has_16_bytes_and_does_not_repeat",
        "information::the_rules_authorisation_table_is_empty",
        "addresses::the_vector_sets_the_address",
        "certificates::each_ci_has_its_certificates",
        "rsp_vectors::authenticate_server",
        "rsp_vectors::prepare_download",
        "rsp_vectors::cancel_session",
        "load_bpp_vectors::the_package_of_the_vectors_is_installed_with_their_result",
        "profiles_info::the_whole_answer_for_one_profile",
        "disable_profile::by_iccid_no_profile_is_enabled_then",
        "delete_profile::by_iccid_it_is_gone",
        "nickname::a_profile_gets_one",
        "memory_reset_profiles::all_options_at_once_leave_nothing",
        "memory_reset::everything_at_once",
        "notifications::a_result_is_fetched_by_its_number",
        "profile_notifications::removing_one_leaves_the_other",
        "configuration_of_eims::every_field_is_shown_in_the_order_of_the_module",
        "vectors_played::the_first_vectors_in_a_row",
        "vectors_played_on_profiles::immediate_enabling",
        "vectors_played_on_profiles::the_emergency_profile",
        "vectors_played_on_profiles::fallback",
        "vectors_played_on_profiles::a_rollback_and_what_follows",
        "vectors_played_on_profiles::connectivity_parameters",
    ),
    "91XX: a reader must pass it on, and FETCH with its Le": (
        "toolkit::the_last_word_of_a_switch_is_910b[a package's enable]",
        "toolkit::every_9000_is_910b_until_fetch",
        "toolkit::fetch_of_another_length_is_6c0b_and_it_still_waits",
    ),
    "stories, and cards of other kinds": (
        "story::the_card_plays_the_whole_story_and_refuses_in_the_six_right_places",
        "story_profiles::the_card_plays_the_whole_story_and_refuses_in_the_three_right_places",
        "eim_story::a_second_eim_is_added_by_the_first_and_lists_both",
        "card_types::its_info2_is_that_of_sgp_22",
        "version_1_0::a_result_covers_the_signature_of_its_package",
        "version_1_3::it_announces_its_version",
    ),
}


def chosen() -> dict[tuple[str, str], list[str]]:
    """The cases that play over PC/SC of each chosen test, by module and name; "" is the first."""
    found: dict[tuple[str, str], list[str]] = {}
    for names in CHOSEN.values():
        for name in names:
            module, _, rest = name.partition("::")
            test, _, case = rest.partition("[")
            found.setdefault((f"test_{module}", f"test_{test}"), []).append(case.removesuffix("]"))
    return found
