"""
Every rule of Invoice Cloud's services, of Cloud Payments V2 and of ASMX services is shown: by a check of the
verification, or by the tests that are named here.
"""

from __future__ import annotations

from pathlib import Path

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.verification.consumer.cloud_payments import ROLE as CLOUD_PAYMENTS
from partnerlab.contracts.verification.provider.inhance import SUITE as INHANCE
from partnerlab.contracts.verification.provider.invoice_cloud import SUITE as INVOICE_CLOUD

TESTS = Path(__file__).resolve().parents[2] / "simulators" / "ic_webservices"
CATALOGUES = ("asmx", "cloud_payments", "ic_webservices")
API, PAGE = "services/test_cloud_payments.py", "services/test_cloud_payments_page.py"
REQUEST = "services/test_cloud_payments_request.py"
PAYING, PAYER = "services/test_cloud_payments_paying.py", "services/test_cloud_payments_payer.py"
ONCE, BACK = "services/test_cloud_payments_once.py", "services/test_postbacks.py"
LOGINS, USERS = "services/test_user_logins.py", "services/test_user_accounts.py"
REMOTE, REST = "wire/test_remote_authentication.py", "wire/test_rest.py"
AUTHENTICATION = "services/test_authentication.py"
UPLOADS, EXPORTS = "services/test_uploads.py", "services/test_exports.py"

POSTBACK = f"{BACK}::test_an_approved_payment_posts_a_form_of_the_eighteen_fields"
ADDRESS = f"{BACK}::test_name_and_address_are_those_of_the_request_where_it_has_them"
MADE = f"{API}::test_create_customer_record_makes_the_customer_of_the_request"
SHOWN_AS = f"{API}::test_a_known_customer_is_not_changed_but_shown_as_the_request_says"
OF_REQUEST = f"{API}::test_an_unknown_invoice_is_made_of_the_request"
FEES = f"{PAYING}::test_fees_of_the_request_go_before_the_billers"
TERMINAL = f"{PAGE}::test_a_card_terminal_is_named"
WAYS = f"{PAGE}::test_ways_to_pay_are_offered_as_the_request_allows"
LINKS = f"{REMOTE}::test_accounts_are_linked_and_taken_away"

SHOWN: dict[str, tuple[str, ...]] = {
    "CPV2-REQ-1": (f"{PAYING}::test_after_an_approved_payment_the_browser_goes_to_return_url",),
    "CPV2-REQ-2": (POSTBACK, f"{REQUEST}::test_what_is_not_taken_is_refused_by_its_name_and_nothing_is_made"),
    "CPV2-REQ-3": (POSTBACK,),
    "CPV2-REQ-5": (f"{PAGE}::test_the_stylesheet_is_linked_where_the_allow_list_has_its_host",),
    "CPV2-CUS-2": (f"{API}::test_the_display_account_number_is_shown_in_place_of_the_number",),
    "CPV2-CUS-3": (MADE, SHOWN_AS),
    "CPV2-CUS-4": (MADE, ADDRESS),
    "CPV2-CUS-5": (MADE, ADDRESS),
    "CPV2-CUS-6": (MADE, ADDRESS),
    "CPV2-CUS-7": (MADE, ADDRESS),
    "CPV2-CUS-8": (MADE, SHOWN_AS),
    "CPV2-CUS-10": (f"{API}::test_no_invoices_mean_the_open_ones_of_the_account",),
    "CPV2-INV-1": (f"{REQUEST}::test_what_cannot_be_read_is_told_with_its_place",),
    "CPV2-INV-2": (OF_REQUEST,),
    "CPV2-INV-3": (OF_REQUEST,),
    "CPV2-INV-4": (OF_REQUEST,),
    "CPV2-INV-5": (OF_REQUEST, f"{API}::test_of_a_known_invoice_the_ledgers_amount_counts"),
    "CPV2-INV-6": (FEES,),
    "CPV2-INV-7": (FEES,),
    "CPV2-INV-8": (f"{PAYING}::test_the_minimum_is_kept_on_the_server",),
    "CPV2-INV-9": (
        f"{PAYING}::test_part_of_a_bill_is_paid_where_that_is_allowed",
        f"{PAYING}::test_a_whole_bill_cannot_be_paid_in_part",
    ),
    "CPV2-SET-1": (f"{PAGE}::test_a_card_can_be_swiped_where_that_is_allowed",),
    "CPV2-SET-2": (TERMINAL,),
    "CPV2-SET-3": (TERMINAL,),
    "CPV2-SET-4": (TERMINAL,),
    "CPV2-SET-5": (f"{PAGE}::test_the_references_and_the_cashier_are_shown",),
    "CPV2-SET-6": (WAYS,),
    "CPV2-SET-7": (WAYS,),
    "CPV2-SET-8": (MADE,),
    "CPV2-SET-9": (f"{PAYER}::test_a_registered_payer_is_offered_the_saved_methods_and_pays_with_one",),
    "CPV2-SET-10": (TERMINAL,),
    "CPV2-PAGE-1": (f"{PAYER}::test_an_account_is_offered_on_the_result_page_and_made",),
    "CPV2-PAGE-2": (f"{PAGE}::test_without_options_the_page_offers_none_of_them",),
    "CPV2-OPT-1": (f"{PAGE}::test_a_statement_shows_the_lines_of_the_invoice",),
    "CPV2-OPT-2": (f"{PAGE}::test_a_bill_is_taken_off_the_payment_and_put_back",),
    "CPV2-OPT-3": (f"{PAGE}::test_related_bills_are_the_accounts_other_open_ones",),
    "CPV2-OPT-4": (f"{PAGE}::test_a_reminder_is_kept_with_its_address",),
    "CPV2-ANS-3": (
        f"{ONCE}::test_the_same_form_sent_twice_pays_once",
        f"{ONCE}::test_a_page_expires_after_thirty_minutes_and_a_paid_one_keeps_its_receipt",
    ),
    **{f"CPV2-PB-{number}": (POSTBACK,) for number in range(1, 20)},
    "CPV2-PB-3": (f"{BACK}::test_each_bill_has_its_own_postback_with_its_fee_apart",),
    "CPV2-PB-4": (f"{BACK}::test_a_declined_payment_posts_back_too",),
    "CPV2-PB-10": (f"{BACK}::test_a_postback_that_is_not_taken_is_tried_when_the_clock_is_advanced",),
    "CPV2-PB-13": (POSTBACK, f"{BACK}::test_a_bank_payment_says_type_2_and_no_card_type"),
    "CPV2-PB-14": (POSTBACK, f"{BACK}::test_a_bank_payment_says_type_2_and_no_card_type"),
    "CPV2-PB-17": (f"{BACK}::test_each_bill_has_its_own_postback_with_its_fee_apart",),
    "CPV2-PB-20": (f"{BACK}::test_a_declined_payment_posts_back_too",),
    "CPV2-PB-21": (f"{BACK}::test_a_postback_that_is_not_taken_is_tried_when_the_clock_is_advanced",),
    "CPV2-129-1": (f"{PAGE}::test_with_setting_129_the_latest_bill_shows_at_a_zero_or_negative_balance",),
    "CPV2-STORY-1": (f"{PAYER}::test_a_registered_payer_is_offered_the_saved_methods_and_pays_with_one",),
    "CPV2-STORY-2": (f"{PAYING}::test_a_guest_pays_by_card_and_sees_the_receipt", MADE),
    "CPV2-AGENT-1": (f"{API}::test_an_agent_jumps_to_the_deposit_of_a_quote",),
    "CPV2-AGENT-2": (f"{API}::test_an_agent_jumps_to_an_existing_policy",),
    "ICWS-KEY-3": (
        f"{AUTHENTICATION}::test_what_is_stored_opens_nothing",
        f"{AUTHENTICATION}::test_two_users_of_one_password_are_kept_differently",
        f"{REMOTE}::test_the_journal_would_mask_passwords_and_tokens",
    ),
    "ICWS-AUTH-2": (f"{REMOTE}::test_an_unknown_account_is_created_where_setting_29_says_so",),
    "ICWS-KEEP-3": (
        f"{AUTHENTICATION}::test_a_token_lasts_twenty_minutes_from_its_last_use",
        f"{AUTHENTICATION}::test_a_token_that_was_ended_is_refused_from_then_on",
        f"{AUTHENTICATION}::test_a_token_belongs_to_one_lane_and_one_biller",
    ),
    "ICWS-READ-4": (f"{REQUEST}::test_a_strict_biller_takes_the_exact_names_and_types_only",),
    "ICWS-REG-1": (f"{REMOTE}::test_a_user_registers_and_registers_again_with_a_new_password",),
    "ICWS-REG-2": (f"{REMOTE}::test_a_user_registers_and_registers_again_with_a_new_password",),
    "ICWS-UNREG-1": (LINKS, f"{USERS}::test_an_account_is_registered_until_its_last_user_goes"),
    "ICWS-LINK-1": (LINKS, f"{USERS}::test_a_second_user_of_an_account_leaves_the_first_one_its_name"),
    "ICWS-EMAIL-1": (
        f"{REMOTE}::test_a_customers_address_is_changed",
        f"{LOGINS}::test_a_customers_address_is_changed_alone_or_with_the_users",
        f"{EXPORTS}::test_what_a_partner_changed_is_not_sent_back",
    ),
    "ICWS-CUST-1": (f"{REST}::test_an_unknown_account_is_created_registered_and_logged_in",),
    "ICWS-USERS-2": (f"{REST}::test_a_known_account_is_registered_to_its_user",),
    "ICWS-USERS-3": (
        f"{USERS}::test_a_registered_user_links_more_accounts_with_the_right_password",
        f"{REST}::test_registering_again_sets_the_password_unless_the_biller_wants_the_right_one",
    ),
    "ICWS-USERS-6": (f"{REST}::test_password_and_address_are_changed",),
    "ICWS-USERS-9": (
        f"{LOGINS}::test_a_new_password_counts_and_ends_open_sessions",
        f"{LOGINS}::test_the_same_password_again_changes_nothing",
        "services/test_neighbours.py::test_a_changed_password_ends_the_sessions_of_that_user_alone",
    ),
    "ICWS-USERS-7": (
        f"{REST}::test_password_and_address_are_changed",
        f"{LOGINS}::test_a_new_address_moves_the_username_with_everything_that_hangs_on_it",
    ),
    "ICWS-SOAP-6": (f"{UPLOADS}::test_a_good_file_is_loaded_and_presented",),
    "ICWS-EXP-2": (f"{EXPORTS}::test_a_payment_has_every_column",),
}


def test_every_rule_is_shown_by_a_check_or_by_tests_that_are_there() -> None:
    rules = {
        row["id"] for name in CATALOGUES for row in read_toml(f"catalogue/requirements/{name}.toml")["requirement"]
    }
    suites = (INHANCE, INVOICE_CLOUD, CLOUD_PAYMENTS.suite)
    checked = {id for suite in suites for check in suite.checks.values() for id in check.requirements}
    assert rules - checked - SHOWN.keys() == set(), "shown by nothing"
    assert SHOWN.keys() - rules == set(), "no such rule"
    for test in {one for tests in SHOWN.values() for one in tests}:
        file, _, name = test.partition("::")
        assert f"\ndef {name}(" in (TESTS / file).read_text("utf-8"), test
