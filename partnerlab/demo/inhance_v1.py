"""
The Harris inHance v1 journey: two weeks in which the utility's timed jobs do everything, and books that agree after it.

Payers pay by card, Amex and bank account, a clerk enters a check, one payment comes back, AutoPay collects, a job is
paused meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from partnerlab.both_sides import InHanceV1Sides
from partnerlab.contracts.capabilities import capabilities
from partnerlab.contracts.paths import at
from partnerlab.remote import RemoteRefused
from partnerlab.story import Story

__all__ = ["tell"]

LANE = "demo-inhance-v1"
DINER, LOFTS, LAUNDRY, BOATS = ACCOUNTS = ("30000301", "30000302", "30000303", "30000304")
AMEX = "378282246310005"
RETURNS = "000111111113"
DAYS = 14


def tell(story: Story, url: str, *, invoices: int, seed: int) -> None:  # noqa: ARG001  the shape of a journey
    """Run the journey on a lane of its own of the sandbox at *url*."""
    with InHanceV1Sides.of(url, LANE, reset=True) as sides:
        sides.control.post("/_sandbox/clock/freeze")
        begun = sides.now()
        opening = {account: sides.owed(account)[0] for account in ACCOUNTS}
        with story.chapter("inHance v1: what its source does not support", "INH1-CAP-1"):
            unsupported(story, sides)
        with story.chapter("A bill goes out", "INH1-INV-1"):
            bills(story, sides)
        with story.chapter("Payments wait for a person", "INH1-PAY-2"):
            pending(story, sides)
        with story.chapter("Payments are posted live", "INH1-PAY-3"):
            live(story, sides)
        with story.chapter("AutoPay, paperless, e-mail, phone", "INH1-AUT-1"):
            changes(story, sides)
        with story.chapter("A job is paused", "INH1-JOB-2"):
            paused(story, sides)
        with story.chapter("A bank payment comes back", "INH1-REJ-1"):
            returned(story, sides)
        with story.chapter("AutoPay collects", "INH1-SVC-1"):
            collected(story, sides)
        with story.chapter("Two weeks later", "INH1-BAL-2"):
            rest = begun + timedelta(days=DAYS) - sides.now()
            sides.advance(f"{int(rest.total_seconds())}s")
            books(story, sides, opening)


def unsupported(story: Story, sides: InHanceV1Sides) -> None:
    """Void, ACH rejects and whatever else the tables say no to."""
    for id, feature in (("INH1-VOID-1", "Void"), ("INH1-REJ-1", "ACH rejects")):
        said = _asked(sides, feature)
        story.expect(id, said, found="does not support" in said and "Data Structure" in said, expected=True)
    refused = [one.name for one in capabilities("inhance_v1").features if not one.supported]
    named = [feature for feature in refused if "does not support" in _asked(sides, feature)]
    story.expect("INH1-CAP-1", f"all {len(refused)} rows of the tables that say no", found=named, expected=refused)
    story.expect("INH1-CAP-1", "what is supported is not refused", found=_asked(sides, "IVR"), expected="")


def _asked(sides: InHanceV1Sides, feature: str) -> str:
    try:
        sides.control.post("/_sandbox/inhance/v1/support", {"feature": feature})
    except RemoteRefused as refused:
        return refused.message
    return ""


def bills(story: Story, sides: InHanceV1Sides) -> None:
    """A new bill, which carries what the account owed, and nothing where nothing is new."""
    sides.bill(LOFTS, "540001", "30.00")
    ran = sides.advance("15m")
    uploads = [one for one in ran if one["outcome"].startswith("invoices: 1 bill uploaded")]
    story.expect("INH1-INV-1", "the Invoice job uploads it within 15 minutes", found=len(uploads), expected=1)
    invoice = sides.invoice("540001")
    story.expect(
        "INH1-INV-2",
        "it asks for the 120.00 that were open too, and the bill before it is closed",
        found=(invoice["balance_due"], invoice["allow_partial_payments"], sides.invoice("530003")["status"]),
        expected=("150.00", True, "closed"),
    )
    exchange = sides.exchange(sides.journal("UploadInvoiceFile")[0]["id"])
    story.expect("INH1-INV-1", "by web service", found=exchange["status"], expected=200)
    before = sides.next_runs()
    ran = sides.advance("15m")
    after = sides.next_runs()
    story.expect(
        "INH1-JOB-3",
        "15 minutes later both jobs are to run 15 minutes later",
        found=[after[job] - before[job] for job in ("invoices", "balances")],
        expected=[timedelta(minutes=15)] * 2,
    )
    ran += sides.advance("105m")
    story.expect(
        "INH1-INV-3",
        "where nothing is new nothing is sent for two hours",
        found=[one["outcome"] for one in ran if one["label"].endswith(("Invoice job", "Balance job"))],
        expected=[],
    )
    sides.bill(LOFTS, "540001", "30.00")
    again = sides.job("invoices")["outcome"]
    story.expect(
        "INH1-INV-3",
        f"the same bill once more changes nothing ({again})",
        found=sides.invoice("540001")["balance_due"],
        expected="150.00",
    )
    sides.control.post(
        at("/_sandbox/inhance/accounts/{}/bills", BOATS), {"invoice_number": "540002", "amount": "-5.00"}
    )
    ran = sides.advance("15m")
    story.expect(
        "INH1-BAL-1",
        "the Balance job sends what changed: a credit of 20.00",
        found=(any("balance" in one["outcome"] for one in ran), sides.owed(BOATS)),
        expected=(True, (Decimal("-20.00"), Decimal("-20.00"))),
    )


def pending(story: Story, sides: InHanceV1Sides) -> None:
    """The pending route, which is how a biller begins."""
    sides.pay(DINER, "20.00")
    sides.pay(DINER, "15.00", card_number=AMEX)
    story.expect(
        "INH1-PAY-1",
        "payments wait until the biller chooses otherwise",
        found=sides.control.get("/_sandbox/inhance/v1")["payments"],
        expected="pending",
    )
    sides.advance("15m")
    waiting = sides.pending()
    story.expect(
        "INH1-PAY-2",
        "a Visa and an Amex payment sit in View Pending Payments, and nothing is posted",
        found=([one["amount"] for one in waiting], sides.account(DINER)["payments"]),
        expected=(["20.00", "15.00"], []),
    )
    story.expect(
        "INH1-BAL-3",
        "the balance that was sent counts them as paid: the payer owes no more than before",
        found=sides.owed(DINER),
        expected=(Decimal("84.40"), Decimal("49.40")),
    )
    for payment in waiting:
        path = at("/_sandbox/inhance/v1/pending-payments/{}/post", payment["payment_guid"])
        sides.control.post(path, {"clerk": "Dana"})
    story.expect(
        "INH1-PAY-2",
        "a person posts them",
        found=(sides.pending(), sides.owed(DINER)),
        expected=([], (Decimal("49.40"), Decimal("49.40"))),
    )
    again = sides.job("payments")["outcome"]
    story.expect(
        "INH1-PAY-5",
        "the job once more enters nothing twice",
        found=(again, len(sides.account(DINER)["payments"])),
        expected=("payments: nothing new", 2),
    )


def live(story: Story, sides: InHanceV1Sides) -> None:
    """The live route, by IC Clerk, with the report of the day."""
    chosen = sides.control.patch("/_sandbox/inhance/v1", {"payments": "live"})
    story.expect("INH1-PAY-1", "the biller chooses the live route", found=chosen["payments"], expected="live")
    sides.pay(LAUNDRY, "47.30", tender="ach")
    sides.pay(LOFTS, "50.00", tender="ach", bank_account=RETURNS)
    check = {"account_number": LOFTS, "amount": "20.00", "check_number": "1044", "biller_guid": sides.biller["guid"]}
    sides.control.post("/_sandbox/ic/clerk/payments", check)
    sides.advance("15m")
    report = sides.control.get("/_sandbox/inhance/v1/open-transactions")
    story.expect(
        "INH1-PAY-3",
        "two bank payments and a check that a clerk entered at Invoice Cloud are posted at once by IC Clerk",
        found=(sides.owed(LAUNDRY)[0], sides.owed(LOFTS)[0], {one["clerk"] for one in report["payments"]}),
        expected=(Decimal("0.00"), Decimal("80.00"), {"IC Clerk"}),
    )
    story.expect(
        "INH1-PAY-4",
        f"the Open Transactions report of {report['day']} has all three",
        found=(len(report["payments"]), report["total"]),
        expected=(3, "117.30"),
    )


def changes(story: Story, sides: InHanceV1Sides) -> None:
    """What payers change, a day later in the utility's books."""
    guid, user = sides.biller["guid"], "diner@example.com"
    card = {"holder": "F. Street", "card_number": "4111111111111111", "expires_on": "2031-12-31", "biller_guid": guid}
    method = sides.control.post(at("/_sandbox/ic/users/{}/methods", user), card)
    sides.control.post(
        at("/_sandbox/ic/users/{}/autopay", user),
        {"account_number": DINER, "method_id": method["method_id"], "biller_guid": guid},
    )
    sides.switch("autopay", LAUNDRY, enrolled=True)
    sides.switch("paperless", LAUNDRY, enrolled=False)
    for kind, value in (("email", "laundry@example.com"), ("phone", "413-555-0199")):
        field = {"email": "email_address"}.get(kind, kind)
        sides.control.post(at("/_sandbox/ic/customers/{}/{}", LAUNDRY, kind), {field: value, "biller_guid": guid})
    sides.advance("26h")
    drafts = [sides.account(account) for account in (DINER, LAUNDRY)]
    story.expect("INH1-AUT-1", "both are Draft", found=[one["autopay"] for one in drafts], expected=[True, True])
    bank = {"name": "Invoice Cloud Bank", "account": "000000000", "routing": "000000000"}
    story.expect("INH1-AUT-2", "with a dummy bank", found=[one["bank"] for one in drafts], expected=[bank, bank])
    laundry = drafts[1]
    story.expect("INH1-CUS-1", "paper bills again", found=laundry["paperless"], expected=False)
    story.expect("INH1-CUS-2", "the phone number", found=laundry["phone"], expected="413-555-0199")
    story.expect("INH1-CUS-3", "the e-mail address", found=laundry["email"], expected="laundry@example.com")
    sides.switch("autopay", LAUNDRY, enrolled=False)
    sides.advance("26h")
    account = sides.account(LAUNDRY)
    story.expect(
        "INH1-AUT-3",
        "AutoPay ends, and the dummy bank is gone",
        found=(account["autopay"], account["bank"]),
        expected=(False, None),
    )


def paused(story: Story, sides: InHanceV1Sides) -> None:
    """The Payment job rests, and then catches up."""
    sides.job("payments", "pause")
    for amount in ("10.00", "5.00"):
        sides.pay(LOFTS, amount)
        sides.advance("1h")
    story.expect("INH1-JOB-2", "nothing is downloaded meanwhile", found=sides.owed(LOFTS)[0], expected=Decimal("80.00"))
    sides.job("payments", "resume")
    ran = [one["outcome"] for one in sides.advance("1m") if one["outcome"].startswith("payments")]
    story.expect("INH1-JOB-2", "one run for all", found=ran, expected=["payments: 2 payments downloaded"])
    story.expect("INH1-JOB-1", "from where it stopped", found=sides.owed(LOFTS)[0], expected=Decimal("65.00"))


def returned(story: Story, sides: InHanceV1Sides) -> None:
    """A return, which no job posts."""
    for _ in range(7):  # three banking days
        if any("returned" in one["outcome"] for one in sides.advance("1d")):
            break
    found = sides.control.get("/_pump/deliveries", lane=LANE, state="dead", limit=10)["deliveries"]
    rejects = [one for one in found if one["kind"] == "ach_reject"]
    story.expect("INH1-REJ-1", "the return is in nobody's job", found=len(rejects), expected=1)
    delivery = sides.delivery(rejects[0]["event_id"])
    story.expect(
        "INH1-REJ-1",
        "the data pump shows it with the row that says so",
        found="does not support ACH rejects" in str(delivery),
        expected=True,
    )
    number = next(one["number"] for one in sides.account(LOFTS)["payments"] if one["amount"] == "50.00")
    sides.control.post(at("/_sandbox/inhance/accounts/{}/payments/{}/return", LOFTS, number), {"clerk": "Dana"})
    sides.decide(rejects[0]["event_id"], "dismiss", "entered by Dana")
    sides.advance("15m")
    story.expect(
        "INH1-REJ-1",
        "a clerk enters it, and both sides say 115.00",
        found=sides.owed(LOFTS),
        expected=(Decimal("115.00"), Decimal("115.00")),
    )


def collected(story: Story, sides: InHanceV1Sides) -> None:
    """A bill of a Draft customer, which Invoice Cloud collects on its due day."""
    due = (sides.now() + timedelta(days=2)).date().isoformat()
    sides.bill(DINER, "540003", "22.60", due_on=due)
    sides.advance("3d")
    newest = sides.account(DINER)["payments"][-1]
    story.expect(
        "INH1-SVC-1",
        "AutoPay pays 72.00 on its due day; the job downloads it, and nobody called the utility",
        found=(newest["amount"], sides.owed(DINER), sides.journal("MakePaymentExtended")),
        expected=("72.00", (Decimal("0.00"), Decimal("0.00")), []),
    )


def books(story: Story, sides: InHanceV1Sides, opening: dict[str, Decimal]) -> None:
    """Invoices less payments and plus returns are the balances, to the cent, on both sides."""
    jobs = {row["name"]: row for row in sides.control.get("/_sandbox/jobs", partner=sides.partner)["jobs"]}
    sunday = datetime.fromisoformat(jobs["all-balances"]["last_at"])
    story.expect(
        "INH1-BAL-2",
        f"every balance went on Sunday, {sunday:%d %B}",
        found=(sunday.strftime("%A"), jobs["all-balances"]["last_message"]),
        expected=("Sunday", "4 balances sent"),
    )
    sent = [one for one in sides.journal("SetInvoiceBalance") if one["findings"]]
    story.expect("INH1-BAL-1", "as the contract of SetInvoiceBalance has it", found=sent, expected=[])
    taken = sides.control.get("/_sandbox/ic/payments", biller_guid=sides.biller["guid"], limit=1000)["payments"]
    for account in ACCOUNTS:
        partner = sides.account(account)
        billed = sum((Decimal(one["amount"]) for one in partner["bills"] if one["invoice_number"] > "54"), Decimal(0))
        paid = sum((Decimal(one["amount"]) for one in partner["payments"]), Decimal(0))
        back = sum((Decimal(one["amount"]) for one in partner["payments"] if one["returned_at"]), Decimal(0))
        balance = opening[account] + billed - paid + back
        there = sum(
            (
                Decimal(one["amount"])
                for one in taken
                if one["account_number"] == account and one["state"] not in ("returned", "declined")
            ),
            Decimal(0),
        )
        story.expect(
            "INH1-PAY-5",
            f"{account}: {opening[account]} + {billed} billed - {paid} paid + {back} returned = {balance}, both sides",
            found=(sides.owed(account), there),
            expected=((balance, balance), paid - back),
        )
