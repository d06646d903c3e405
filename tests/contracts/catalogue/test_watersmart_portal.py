"""Every rule of WaterSmart as a partner is shown by a test, which is named here; the portal's moments by one."""

from __future__ import annotations

from pathlib import Path

from partnerlab.contracts.catalogue import requirements
from partnerlab.contracts.data import read_toml

TESTS = Path(__file__).resolve().parents[2]
PARTNER, EXCHANGE = "e2e/flows/test_watersmart_partner.py", "simulators/watersmart/test_exchange.py"
FILES = "e2e/test_partner_files.py"
MOMENTS = f"{PARTNER}::test_each_moment_of_the_portal_calls_what_the_source_says"
SHOWN = {
    "WS-29-1": f"{PARTNER}::test_a_payer_new_to_invoice_cloud_gets_in",
    "WS-REG-1": f"{PARTNER}::test_without_setting_29_a_new_payer_waits_for_the_first_invoice_file",
    "WS-SEND-1": f"{EXCHANGE}::test_a_file_that_may_not_have_arrived_is_sent_again_byte_for_byte",
    "WS-SEND-2": f"{EXCHANGE}::test_the_books_agree_after_files_in_every_direction",
    "WS-TAKE-1": f"{EXCHANGE}::test_the_same_payment_counts_once_whatever_file_brings_it",
    "WS-TAKE-2": f"{EXCHANGE}::test_what_the_books_do_not_know_waits_for_a_person",
    "WS-TAKE-3": f"{EXCHANGE}::test_of_a_sign_up_and_a_cancel_date_the_later_counts",
    "WS-BOOKS-1": f"{PARTNER}::test_both_sides_have_the_same_books_after_every_exchange",
    "WS-WAY-1": f"{FILES}::test_a_file_left_in_the_inbox_is_taken_and_its_report_lies_beside_it",
    "WS-WAY-2": f"{FILES}::test_openssh_s_sftp_leaves_a_file_that_is_taken_and_fetches_the_exports",
}


def test_every_rule_of_the_partner_is_shown_by_a_test_that_is_there() -> None:
    rules = {row["id"] for row in read_toml("catalogue/requirements/watersmart_portal.toml")["requirement"]}
    assert rules <= set(requirements())
    assert set(SHOWN) <= rules
    for test in {*SHOWN.values(), MOMENTS}:
        file, _, name = test.partition("::")
        assert f"\ndef {name}(" in (TESTS / file).read_text("utf-8"), test


def test_the_rules_that_no_other_test_shows_are_moments_and_that_test_names_each() -> None:
    rules = {row["id"] for row in read_toml("catalogue/requirements/watersmart_portal.toml")["requirement"]}
    text = (TESTS / PARTNER).read_text("utf-8")
    assert [rule for rule in sorted(rules - set(SHOWN)) if f'"{rule}"' not in text] == []
