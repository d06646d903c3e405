"""The capabilities of TCCS against the tables of its source, and its settings against the source's."""

from __future__ import annotations

import pytest

from partnerlab.contracts.capabilities import capabilities
from partnerlab.contracts.catalogue import requirements
from partnerlab.contracts.files import load_layout
from partnerlab.contracts.settings import settings

# "BIF Customization's", copied out here a second time.
CUSTOMIZATIONS = {
    "AchServiceFee": "N/A",
    "AllowPartialPayments": "in BIF",
    "AutoPayCollectionDate": "on biller questionnaire",
    "BalanceForward": "N/A",
    "CreditCardServiceFee": "N/A",
    "FirstNotifyRequestedDate": "on biller questionnaire",
    "InvoiceDate": "in BIF",
    "InvoiceDueDate": "in BIF",
    "InvoiceFormatGuid": "in BIF",
    "InvoiceTypeID": "in BIF",
    "LateFeeDate": "in BIF",
    "LocationReference": "N/A",
    "MinimumAmountDue": "in BIF",
    "PaymentExpirationDate": "N/A",
    "PaymentExpirationMessage": "N/A",
    "PromptPayExpirationDate": "N/A",
    "RegistrationValue": "N/A",
    "SecondNotifyRequestedDate": "on biller questionnaire",
    "ThirdNotifyRequestedDate": "on biller questionnaire",
}
# "Advanced Settings": the number and what each is for, in our words of service and part.
SERVICES = {8: "rtdr", 11: "payments", 14: "paperless", 17: "autopay", 20: "remote_pdf", 101: "ach_rejects"}
PARTS = ("url", "user", "password")
KINDS = ("url", "text", "secret")


def test_every_row_of_the_customisations_is_there() -> None:
    rows = capabilities("tccs").bif_customizations
    assert {row.feature: row.text for row in rows} == CUSTOMIZATIONS
    assert [row.feature for row in rows] == list(CUSTOMIZATIONS)


def test_what_comes_in_the_bif_is_a_field_of_it_and_nothing_else_is() -> None:
    given = {"N/A": (), "in BIF": ("bif",), "on biller questionnaire": ("questionnaire",)}
    names = {field.name for record in load_layout("tccs").records for field in record.fields}
    for row in capabilities("tccs").bif_customizations:
        assert row.given == given[row.text]
        assert (row.feature in names) == (row.given == ("bif",)), row.feature


def test_the_modifications_are_those_of_the_source() -> None:
    states = {row.id: row.state for row in capabilities("tccs").modifications}
    assert states == {"ITG-1853": "planned", "INT-3698": "planned", "INT-6870": "released"}


def test_features_say_what_is_not_supported() -> None:
    found = capabilities("tccs")
    assert {row.name for row in found.features if not row.supported} == {
        "Data Pump: e-mail address",
        "Data Pump: telephone number",
    }
    assert found.feature("UploadInvoiceFile").text == "Invoice data transmission"


@pytest.mark.parametrize("first", SERVICES)
def test_each_service_has_an_address_a_user_and_a_password_among_the_settings(first: int) -> None:
    for at, (part, kind) in enumerate(zip(PARTS, KINDS, strict=True)):
        setting = settings()[str(first + at)]
        assert (setting.name, setting.kind) == (f"{SERVICES[first]}_{part}", kind)
        assert "tccs" in setting.partners
        assert f"TCCS, Advanced Settings {first + at}" in setting.source
        assert {"user": "consumerGUID", "password": "entryKey"}.get(part, "") in setting.meaning


def test_the_service_version_is_2_and_the_retry_is_on_where_nothing_is_said() -> None:
    assert settings()["35"].default == "2"
    assert settings()["datapump_retry"].default == "1"
    assert "tccs" in settings()["datapump_retry"].partners


def test_every_setting_of_the_source_and_every_row_of_the_field_table_is_a_requirement() -> None:
    found = set(requirements())
    numbers = {first + at for first in SERVICES for at in range(3)} | {35}
    assert {f"TCCS-SET-{number}" for number in numbers} == {id for id in found if id.startswith("TCCS-SET-")}
    for record in load_layout("tccs").records:
        for field in record.fields:
            assert f"TCCS-{record.code}-{field.spec_id}" in found


def test_every_ticket_of_the_source_is_named_by_a_requirement() -> None:
    rows = " ".join(row.row for row in requirements().values() if row.id.startswith("TCCS-"))
    for ticket in ("ITG-1473", "ITG-1853", "INT-3698", "INT-6870"):
        assert ticket in rows
