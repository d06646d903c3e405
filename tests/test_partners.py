"""
What names the partners names all of them: a partner that is added in one place is missed by name in the others.

`docs/extending.md`, *A partner*, goes through the same places.
"""

from __future__ import annotations

from contextlib import closing
from typing import get_args

from partnerlab.auditing.books import BOOKS
from partnerlab.auditing.invoice_cloud_books import biller_of
from partnerlab.auditing.partner_books import balances
from partnerlab.client.datapump.events import KINDS
from partnerlab.client.datapump.routes import ROUTES
from partnerlab.client.rtdr import ENQUIRIES
from partnerlab.contracts.capabilities import integrations
from partnerlab.contracts.jobs import partners as partners_with_jobs
from partnerlab.contracts.seeds import billers, purposes
from partnerlab.contracts.settings import settings
from partnerlab.partners import BY_DOWNLOAD, BY_FILE
from partnerlab.partners import PARTNERS as ROWS
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.ic_webservices.domain.partners import PARTNERS as BILLING
from partnerlab.simulators.kit.world.lanes import DEFAULT
from partnerlab.testing.books import PartnerBooks
from tests.module_graph import ROOT

PARTNERS = frozenset(ROUTES)
SIMULATORS = tuple(sorted(path.parent.name for path in (ROOT / "simulators").glob("*/app.py")))
"""The folders of simulators."""


def test_the_data_pump_knows_what_to_do_with_each_kind_of_event_for_each_partner() -> None:
    assert {partner: routes.keys() for partner, routes in ROUTES.items()} == dict.fromkeys(ROUTES, KINDS.keys())


def test_each_partner_has_its_capabilities() -> None:
    assert PARTNERS - set(integrations()) == set(), "contracts/capabilities/<partner>.toml"


def test_each_partner_has_its_row() -> None:
    assert ROWS.keys() == PARTNERS, "partnerlab/partners.py"


def test_each_partner_has_its_biller() -> None:
    found = {one.partner: (one.settings, one.seeds) for one in billers()}
    assert found == {id: (row.biller, row.seeds) for id, row in ROWS.items()}, "contracts/sandbox/seeds.toml"


def test_invoice_cloud_knows_how_each_partner_bills() -> None:
    assert BILLING.keys() == PARTNERS, "simulators/ic_webservices/domain/partners.py"


def test_partners_that_are_asked_for_balances_are_partners() -> None:
    assert ENQUIRIES.keys() - PARTNERS == set(), "client/rtdr.py"


def test_settings_and_jobs_name_no_partner_that_there_is_not() -> None:
    named = {partner for one in settings().values() for partner in one.partners} | set(partners_with_jobs())
    assert named - set(integrations()) == set(), "contracts/settings.toml, contracts/jobs.toml"


def test_tests_of_a_partner_find_its_books() -> None:
    books = {found.NAME for found in get_args(PartnerBooks)}
    assert books == PARTNERS - {"inhance_v1"}, "partnerlab/testing/books.py"  # v1 has the books of v2


def test_the_audit_knows_how_to_read_each_partners_books() -> None:
    assert BOOKS.keys() == PARTNERS, "partnerlab/auditing/books"
    for id, books in BOOKS.items():
        partner = ROWS[id]
        assert (books.account is None) == (partner.place == "invoice"), id
        assert (books.downloads is None) == (books.downloaded_until is None) == (partner.how != BY_DOWNLOAD), id
        assert (books.rejects is None) == (partner.returns != BY_FILE), id


def test_the_audit_finds_what_is_owed_at_each_partner() -> None:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox, closing(Remote(sandbox.url)) as control:
        billers = {row["guid"]: biller_of(row) for row in control.get("/_sandbox/ic/billers")["billers"]}
        found = {(one.partner, one.place) for one in balances(control, billers)}
    for partner in ROWS.values():
        # A number from before a conveyance, a credit and an account without a bill are not everywhere: the first is.
        number = purposes(partner.seeds)[0][0]
        assert (partner.id, number) in found, "partnerlab/auditing/books"


def test_a_new_lane_has_a_biller_of_each_partner_and_each_simulator_is_in_the_sandbox() -> None:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        billers = sandbox.ic.world.services.records.billers(sandbox.lanes.get(DEFAULT))
        assert {biller.partner for biller in billers} == PARTNERS, "contracts/sandbox/seeds.toml"
        served = {type(one).__module__.split(".")[2] for one in sandbox.simulators.values()}
        assert served == set(SIMULATORS), "partnerlab/systems/__init__.py"
