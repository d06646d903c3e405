"""The capabilities of inHance v1, the inHance Portal and WaterSmart against the tables of their sources."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.contracts.capabilities import NotSupported, capabilities, check_supported, integrations
from partnerlab.contracts.files.csv import load_table

# The rows of the three tables of v1 that say "Not Supported", copied out here a second time.
NOT_IN_V1 = {
    "ACH rejects", "Void", "AgentConnect", "Check Free - FISERV - Cash", "CloudPay", "CloudPay Web Services",
    "CSRConnect",
    "EMV", "SSO", "Bill Processor", "Open Item Billing", "Past Due Payments", "Magtek REV Devices", "IDTech SRED Key",
}  # fmt: skip


def test_there_are_the_five_sources() -> None:
    assert integrations() == ("inhance_portal", "inhance_v1", "inhance_v2", "tccs", "watersmart")


def test_v1_has_every_row_of_its_tables() -> None:
    features = capabilities("inhance_v1").features
    assert {one.name for one in features if not one.supported} == NOT_IN_V1
    tables = [one.table for one in features]
    assert {table: tables.count(table) for table in tables} == {
        "Data Structure": 13,
        "Products": 13,
        "Features": 21,
        "Equipment": 4,
    }


def test_what_is_not_supported_is_refused_with_its_row() -> None:
    check_supported("inhance_v1", "IVR")
    with pytest.raises(NotSupported) as refused:
        check_supported("inhance_v1", "Void")
    assert str(refused.value) == (
        "Harris inHance v1 does not support Void: Not Supported"
        " (Harris inHance v1 Integration Software Details, Data Structure, Void)"
    )
    with pytest.raises(KeyError):
        check_supported("inhance_v1", "Teleportation")


def test_what_watersmart_sends_in_its_file_is_a_column_of_it() -> None:
    rows = capabilities("watersmart").bif_customizations
    assert len(rows) == 19
    columns = {column.name for column in load_table("watersmart_invoices").columns}
    for row in rows:
        assert (row.feature in columns) == (row.given == ("bif",)), row.feature
        assert (row.given == ()) == (row.text == "N/A"), row.feature


def test_the_command_shows_one_or_all_side_by_side() -> None:
    run = CliRunner().invoke
    one = run(main, ["capabilities", "inhance_v1", "--feature", "void"])
    assert (one.exit_code, one.output.split()) == (0, ["Void", "no", "Not", "Supported"])
    both = run(main, ["capabilities", "--feature", "ach rejects"]).output.splitlines()
    assert both[0].split() == list(integrations())
    assert both[1].split()[:2] == ["ACH", "rejects"]
    nothing = run(main, ["capabilities", "--feature", "teleportation"])
    assert nothing.exit_code == 1
    assert "no source speaks of 'teleportation'" in nothing.output
