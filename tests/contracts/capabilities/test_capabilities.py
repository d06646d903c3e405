"""The capabilities of inHance v2 against the tables of its source."""

from __future__ import annotations

import pytest

from partnerlab.contracts.capabilities import capabilities, integrations
from partnerlab.contracts.files import load_layout

# "BIF Customization's", copied out here a second time.
SOURCE = {
    "AchServiceFee": "N/A, in BIF, on biller questionnaire",
    "AllowPartialPayments": "in BIF",
    "AutoPayCollectionDate": "BIF customization - on biller questionnaire",
    "BalanceForward": "in BIF",
    "CreditCardServiceFee": "N/A",
    "FirstNotifyRequestedDate": "BIF customization - on biller questionnaire",
    "InvoiceDate": "in BIF",
    "InvoiceDueDate": "in BIF",
    "InvoiceFormatGuid": "in BIF *genereated by IC",
    "InvoiceTypeID": "in BIF",
    "LateFeeDate": "N/A",
    "LocationReference": "N/A",
    "MinimumAmountDue": "N/A",
    "PaymentExpirationDate": "N/A",
    "PaymentExpirationMessage": "N/A",
    "PromptPayExpirationDate": "N/A",
    "RegistrationValue": "N/A",
    "SecondNotifyRequestedDate": "BIF customization - on biller questionnaire",
    "ThirdNotifyRequestedDate": "BIF customization - on biller questionnaire",
}


def test_every_row_of_the_customisations_is_there() -> None:
    rows = capabilities("inhance_v2").bif_customizations
    assert {row.feature: row.text for row in rows} == SOURCE
    assert [row.feature for row in rows] == list(SOURCE)


def test_what_is_given_follows_from_the_cell() -> None:
    for row in capabilities("inhance_v2").bif_customizations:
        if row.text.startswith("N/A"):
            assert row.given == ()
        elif row.text.startswith("in BIF"):
            assert row.given == ("bif",)
        else:
            assert row.given == ("questionnaire",)


def test_what_comes_in_the_bif_is_a_field_of_it_and_the_questionnaire_is_not() -> None:
    names = {field.name for record in load_layout("inhance_v2").records for field in record.fields}
    for row in capabilities("inhance_v2").bif_customizations:
        if row.given:
            assert (row.feature in names) == (row.given == ("bif",)), row.feature


def test_the_modifications_are_those_of_the_source() -> None:
    states = {row.id: row.state for row in capabilities("inhance_v2").modifications}
    assert states == {"INT-2997": "cancelled", "INT-7012": "released", "INT-8748": "planned", "ITG-3485": "planned"}


def test_features_say_what_is_not_supported() -> None:
    found = capabilities("inhance_v2")
    assert {row.name for row in found.features if not row.supported} == {
        "RTDR: telephone number",
        "Data Pump: inline donations",
    }
    assert found.feature("UploadInvoiceFile").text == "Transmission of BIF file"
    with pytest.raises(KeyError):
        found.feature("Void")


def test_an_unknown_integration_is_named_with_those_there_are() -> None:
    assert "inhance_v2" in integrations()
    with pytest.raises(KeyError, match="inhance_v2"):
        capabilities("inhance_v9")
