"""Every rule of WaterSmart's files is shown by a test, which is named here."""

from __future__ import annotations

import re
from pathlib import Path

from partnerlab.contracts.capabilities import capabilities, integrations
from partnerlab.contracts.catalogue import requirements
from partnerlab.contracts.files import load_layout
from partnerlab.contracts.files.adjustments import load_adjustments
from partnerlab.contracts.files.csv import load_table

TESTS = Path(__file__).resolve().parents[2]
SERVICES = "simulators/ic_webservices/services"
READER = "contracts/files/csv/test_reader.py"
CSV = f"{SERVICES}/test_csv_uploads.py"
WRITER, CASES, BATCHES = (
    "contracts/files/csv/test_writer.py",
    f"{SERVICES}/test_file_cases.py",
    f"{SERVICES}/test_export_batches.py",
)
SHOWN = {
    "WS-FILE-1": f"{CSV}::test_a_csv_of_other_columns_is_rejected_in_words",
    "WS-FILE-2": f"{READER}::test_a_header_line_is_recognised_by_its_first_cell_and_only_at_the_top",
    "WS-FILE-3": f"{SERVICES}/test_file_cases.py::test_what_is_right_is_in_the_ledger_and_the_rest_in_quarantine",
    "WS-FILE-4": f"{SERVICES}/test_file_cases.py::test_what_is_right_is_in_the_ledger_and_the_rest_in_quarantine",
    "WS-FILE-5": f"{SERVICES}/test_file_cases.py::test_what_is_right_is_in_the_ledger_and_the_rest_in_quarantine",
    "WS-FILE-6": "simulators/ic_webservices/pages/test_blocks.py::test_blocked_cards_pay_nowhere_and_the_bank_does",
    "WS-FILE-7": (
        "simulators/ic_webservices/pages/test_blocks.py::test_the_number_that_is_shown_stands_in_for_the_account_number"
    ),
    "WS-FILE-8": f"{SERVICES}/test_file_cases.py::test_what_is_right_is_in_the_ledger_and_the_rest_in_quarantine",
    "WS-FILE-9": f"{CSV}::test_a_type_sets_or_adds_and_a_billers_own_types_win",
    "WS-FILE-10": f"{CSV}::test_what_cannot_be_applied_is_in_quarantine_and_can_be_loaded_again",
    "WS-FILE-11": f"{CSV}::test_the_same_rows_again_do_nothing_and_an_earlier_files_wait",
    "WS-FILE-12": f"{CSV}::test_a_balance_is_the_partners_word_less_what_was_paid_meanwhile",
    "WS-FILE-13": f"{CSV}::test_what_cannot_be_applied_is_in_quarantine_and_can_be_loaded_again",
    "WS-FILE-14": "client/intake/test_csv_files.py::test_converted_adjustments_read_back",
    "WS-FILE-15": (
        f"{SERVICES}/test_questionnaire.py::test_an_invoice_has_what_the_questionnaire_says_and_payers_are_held_to_it"
    ),
    "WS-OUT-1": f"{SERVICES}/test_export_cases.py::test_22_no_two_files_have_one_name",
    "WS-OUT-2": f"{SERVICES}/test_export_batches.py::test_a_split_is_a_partition",
    "WS-OUT-3": "contracts/files/csv/test_writer.py::test_every_line_splits_alike_with_a_csv_reader_and_at_commas",
    "WS-OUT-4": (
        "contracts/files/csv/test_writer.py"
        "::test_a_moment_is_the_billers_wall_clock_on_both_sides_of_a_change_of_the_clock"
    ),
    "WS-OUT-5": f"{SERVICES}/test_export_cases.py::test_19_a_payment_that_commits_late_is_in_the_next_file",
    "WS-OUT-6": f"{SERVICES}/test_export_breaks.py::test_a_death_at_any_step_of_200_runs_skips_and_repeats_nothing",
    "WS-OUT-7": (
        f"{SERVICES}/test_clerk.py::test_a_payment_over_the_counter_lowers_the_balance_and_stands_in_both_exports"
    ),
    "WS-OUT-8": (
        f"{SERVICES}/test_clerk.py::test_a_payment_over_the_counter_lowers_the_balance_and_stands_in_both_exports"
    ),
    "WS-OUT-9": f"{SERVICES}/test_export_batches.py::test_changes_are_one_row_an_account_with_the_last_moment_of_each",
    "WS-OUT-10": f"{SERVICES}/test_export_batches.py::test_a_return_is_a_reject_once",
    "WS-OUT-11": f"{SERVICES}/test_export_cases.py::test_21_the_guard_against_formulas_spares_numbers",
}


MORE = {
    "WS-FILE-2": (
        f"{CASES}::test_what_is_right_is_in_the_ledger_and_the_rest_in_quarantine",
        f"{READER}::test_a_quoted_field_may_hold_commas_quotes_and_line_breaks",
    ),
    "WS-FILE-4": (
        f"{READER}::test_an_empty_number_is_account_and_invoice_date",
        f"{READER}::test_a_second_row_of_a_number_is_quarantined_and_the_first_stays",
    ),
    "WS-FILE-5": (f"{READER}::test_a_missing_invoice_date_is_the_due_date_and_stands_in_the_number",),
    "WS-FILE-6": (
        (
            "simulators/ic_webservices/pages/test_blocks.py"
            "::test_a_web_service_blocks_the_bank_and_the_checkout_offers_what_is_left"
        ),
    ),
    "WS-FILE-8": (f"{READER}::test_what_stands_in_an_ignored_column_is_never_judged",),
    "WS-FILE-11": (f"{CSV}::test_an_earlier_file_that_sets_is_applied_and_noted",),
    "WS-OUT-1": (
        f"{BATCHES}::test_names_are_never_used_twice_though_the_second_is_the_same",
        f"{BATCHES}::test_two_hours_of_one_name_when_clocks_go_back_are_two_files",
    ),
    "WS-OUT-5": (
        f"{BATCHES}::test_each_payment_stands_in_exactly_one_batch",
        f"{BATCHES}::test_a_batch_is_the_same_bytes_whenever_it_is_asked_for",
    ),
    "WS-OUT-9": (
        f"{WRITER}::test_what_would_be_somebody_elses_when_cut_is_left_out_and_told",
        f"{WRITER}::test_the_moment_of_a_change_is_left_out_with_its_value",
    ),
    "WS-OUT-11": (
        f"{WRITER}::test_a_text_that_a_spreadsheet_would_run_is_made_harmless_and_told",
        f"{WRITER}::test_where_a_column_has_no_room_for_a_space_the_formula_stays_and_is_told",
    ),
}
"""What shows the rest of a rule that says several things."""


def test_every_rule_of_the_files_is_shown_by_a_test_that_is_there() -> None:
    rules = {id for id in requirements() if re.fullmatch(r"WS-(FILE|OUT)-\d+", id)}
    assert rules == SHOWN.keys()
    assert MORE.keys() <= rules
    for id, shown in SHOWN.items():
        for one in (shown, *MORE.get(id, ())):
            path, _, name = one.partition("::")
            assert f"\ndef {name}(" in (TESTS / path).read_text("utf-8"), one


def test_every_column_and_field_and_row_of_the_tables_is_a_requirement() -> None:
    """test_tables.py, the layouts' tests and test_support.py hold the rows themselves."""
    kinds = {"IN": "invoices", "ADJ": "balances", "PAY": "payments", "LOG": "changes", "REJ": "rejects"}
    wanted = {
        f"WS-{part}-{one.position}" for part, kind in kinds.items() for one in load_table(f"watersmart_{kind}").columns
    }
    layouts = (load_layout("watersmart"), load_adjustments("watersmart").layout)
    wanted |= {
        f"WS-{record.code}-{one.spec_id}" for layout in layouts for record in layout.records for one in record.fields
    }
    assert wanted <= requirements().keys()
    rows = sum(len(found.features) + len(found.bif_customizations) for found in map(capabilities, integrations()))
    assert len([id for id in requirements() if id.startswith("CAP-")]) == rows
