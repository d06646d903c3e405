"""
The ten single sign-on stories of the inHance Portal's document, from the portal's call to what stands at the partner.

Each is told in a lane of its own by the registered user that every lane has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from partnerlab.both_sides import InHanceSides
from partnerlab.client.flows import sso
from partnerlab.client.invoice_cloud import CloudSso, NewCustomer, Redirect, RestClient
from partnerlab.contracts.paths import at
from partnerlab.journey.visitor import Page, Visitor
from partnerlab.story import Story, asked

__all__ = [
    "Portal",
    "autopay",
    "email_and_password",
    "paperless",
    "pay_by_text",
    "payment_methods",
    "registered_payment",
    "scheduled_payments",
    "sign_out",
    "user_access",
    "user_registration",
]

ACCOUNT, INVOICE = "10000101", "500001"
USER, NEW_PASSWORD = "willows@example.com", "Journey!2345"
CARD: Mapping[str, str] = {
    "Card number": "4111 1111 1111 1111",
    "Expires (MM/YY)": "12/39",
    "Security code": "123",
    "Name on the card": "Willows Laundry",
}
BANK: Mapping[str, str] = {
    "Routing number": "110000000",
    "Account number": "000123456789",
    "Name on the account": "Willows Laundry",
}


class Portal(InHanceSides):
    """The inHance Portal in front of Invoice Cloud: its REST client, its user's session, and the user's browser."""

    rest: RestClient
    visitor: Visitor
    token: str = ""

    @property
    def password(self) -> str:
        """Of its user."""
        return str(self.biller["users_password"])

    @classmethod
    @contextmanager
    def opened(cls, url: str, lane: str, *, log_in: bool = True) -> Iterator[Portal]:
        """The portal in that lane, reset, with its user logged in."""
        with cls.of(url, lane, reset=True) as portal, Visitor() as visitor:
            portal.visitor = visitor
            portal.rest = RestClient(portal.url, portal.biller["api_key"], transport=portal.transport)
            if log_in:
                portal.token = portal.rest.remote_authentication(USER, portal.password).token
            yield portal

    def jump(self, redirect: Redirect, *, return_url: str | None = None, site: str | None = None) -> Page:
        """Send the user's browser to a page, by the form that stands in the portal's iFrame."""
        way = CloudSso(self.url, return_url=return_url, custom_return_site_name=site, allow_http=True)
        form = way.form(self.token, redirect)
        return self.visitor.post(form.action, dict(form.fields))

    def save_card(self) -> Page:
        """Save a card on the page of payment options."""
        self.jump(Redirect.PAYMENT_OPTIONS)
        self.visitor.follow("Add a card")
        return self.visitor.submit("Save", CARD)


def user_access(story: Story, url: str) -> None:
    """Story User Access: log in; where that fails, register and log in."""
    with Portal.opened(url, "journey-access", log_in=False) as portal:
        access = sso.user_access(portal.rest, username=USER, password=portal.password, account_numbers=[ACCOUNT])
        story.expect(
            "ICP-ACCESS-1", "the user is looked up first", found=access.operations[0], expected="RetrieveUsers"
        )
        story.expect(
            "ICP-ACCESS-2",
            "logged in, with CustomerGUID and accounts",
            found=(access.operations[1:], [row.account_number for row in access.accounts]),
            expected=(("RemoteAuthentication", "RetrieveCustomerGuid", "RetrieveUserAccounts"), [ACCOUNT]),
        )
        new = sso.user_access(
            portal.rest, username="second@example.com", password="Another!2345", account_numbers=[ACCOUNT]
        )
        story.expect(
            "ICP-ACCESS-3",
            "an unknown user is registered, then logged in",
            found=(new.newly_registered, new.operations[1:3]),
            expected=(True, ("RegisterAccounts", "RemoteAuthentication")),
        )


def user_registration(story: Story, url: str) -> None:
    """Story User Registration: an account that is unknown, one nobody registered, and one that is registered."""
    with Portal.opened(url, "journey-registration", log_in=False) as portal:
        first = NewCustomer("10009001", "New Leaf Books", email_address="leaf@example.com")
        made = sso.user_registration(portal.rest, customer=first, username="leaf@example.com", password=NEW_PASSWORD)
        story.expect(
            "ICP-REG-2",
            "an unknown account is created, registered and logged in",
            found=made.operations,
            expected=("RetrieveUsers", "CreateCustomerRecord", "RegisterAccounts", "RemoteAuthentication", "CloudSSO"),
        )
        page = portal.visitor.post(made.jump.form.action, dict(made.jump.form.fields))
        story.expect("ICP-RED-1", "and sees the recent bills", found=page.heading, expected="Your bills")
        again = sso.user_registration(portal.rest, customer=first, username="leaf@example.com", password=NEW_PASSWORD)
        story.expect(
            "ICP-REG-4",
            "a registered account is logged in",
            found=again.operations,
            expected=("RetrieveUsers", "RemoteAuthentication", "CloudSSO"),
        )
        known = NewCustomer("10009002", "Quiet Mill", email_address="mill@example.com")
        portal.rest.create_customer_record(known)
        second = sso.user_registration(portal.rest, customer=known, username="mill@example.com", password=NEW_PASSWORD)
        story.expect(
            "ICP-REG-3",
            "a known account without a registration is registered and logged in",
            found=second.operations,
            expected=("RetrieveUsers", "RegisterAccounts", "RemoteAuthentication", "CloudSSO"),
        )
        sent = portal.exchange(portal.journal("RegisterAccounts")[0]["id"])["request"]
        story.expect(
            "ICP-REG-1",
            "LoginTypeID is 1",
            found='"LoginTypeID": 1' in sent or '"LoginTypeID":1' in sent,
            expected=True,
        )


def registered_payment(story: Story, url: str) -> None:
    """Story Registered User Payment: a bill is opened and paid, and the partner has the payment."""
    with Portal.opened(url, "journey-payment") as portal:
        page = portal.jump(Redirect.RECENT_BILLS)
        story.expect("ICP-RED-1", "RedirectID 1 is the bill listing", found=page.heading, expected="Your bills")
        found = f"Bill {INVOICE}" in page.links()
        story.expect("INH2-PRS-2", "the payer sees the bill in the customer portal", found=found, expected=True)
        portal.control.put(at("/_sandbox/inhance/accounts/{}", ACCOUNT), {})
        before = portal.balance(ACCOUNT)
        page = portal.visitor.follow(f"Bill {INVOICE}")
        story.expect(
            "ICP-PAY-1",
            f"opening the bill asks the partner: {before} is due",
            found=(len(portal.journal("BalanceCheck")) > 1, f"{before:.2f}" in page.text),
            expected=(True, True),
        )
        with portal.fault("http-503", "BalanceCheck"):
            page = portal.visitor.open(page.url)
        story.expect(
            "ICP-PAY-1",
            "where the partner does not answer, what was due before is shown",
            found=(page.status, f"{before:.2f}" in page.text, bool(portal.invoice(INVOICE)["asked_problem"])),
            expected=(200, True, True),
        )
        form = portal.visitor.follow("Pay this bill")
        page = portal.visitor.submit(
            "Pay", {"A new card": True, **CARD, "Amount in US dollars": "40.00", "Pay now": True}
        )
        portal.settle()
        story.expect(
            "ICP-PAY-2",
            f"paid by a new card: {page.heading}",
            found=(page.status, page.heading, portal.balance(ACCOUNT), portal.invoice(INVOICE)["balance_due"]),
            expected=(200, "Thank you for your payment", before - 40, f"{before - 40:.2f}"),
        )
        story.tell(f"inHance: {portal.balance(ACCOUNT)}; Invoice Cloud: {portal.invoice(INVOICE)['balance_due']}")
        portal.visitor.back(form)
        again = portal.visitor.submit("Pay")
        portal.settle()
        story.expect(
            "ICP-PAY-3",
            f"the same form again pays nothing and shows the same receipt: {again.says[0] if again.says else ''}",
            found=(urlsplit(again.url).path, portal.balance(ACCOUNT)),
            expected=(urlsplit(page.url).path, before - 40),
        )


def scheduled_payments(story: Story, url: str) -> None:
    """Story Managed Scheduled Payments: one is changed, one is cancelled, and what is left runs on its day."""
    with Portal.opened(url, "journey-scheduled") as portal:
        portal.save_card()
        for days in (3, 5):
            day = portal.now().date() + timedelta(days=days)
            portal.jump(Redirect.RECENT_BILLS)
            portal.visitor.follow(f"Pay bill {INVOICE}")
            portal.visitor.submit(
                "Pay",
                {"Visa": True, "Amount in US dollars": "20.00", "Pay on a day": True, "Day of the payment": f"{day}"},
            )
        page = portal.jump(Redirect.SCHEDULED_PAYMENTS)
        changes = [name for name in page.links() if name.startswith("Change the payment")]
        story.expect("ICP-RED-9", "RedirectID 9 lists what is scheduled", found=len(changes), expected=2)
        portal.visitor.follow(changes[0])
        page = portal.visitor.submit("Save the change", {"Amount in US dollars": "25.00"})
        story.expect("ICP-SCHED-1", "one is changed", found="$25.00" in page.text, expected=True)
        cancels = [name for name in page.buttons() if name.startswith("Cancel the payment")]
        page = portal.visitor.submit(cancels[-1])
        left = [name for name in page.buttons() if name.startswith("Cancel the payment")]
        story.expect("ICP-SCHED-2", "one is cancelled", found=len(left), expected=1)
        before = portal.balance(ACCOUNT)
        portal.advance("10d")
        story.expect(
            "ICP-SCHED-3", "the other runs once, on its day", found=portal.balance(ACCOUNT), expected=before - 25
        )


def paperless(story: Story, url: str) -> None:
    """Story Paperless Enrollment: switched on and off, and the partner is told."""
    with Portal.opened(url, "journey-paperless") as portal:
        page = portal.jump(Redirect.PAPERLESS)
        story.expect("ICP-RED-2", "RedirectID 2 is paperless", found=page.heading, expected="Paperless billing")
        for turn, id, expected in (("on", "ICP-PAPER-1", True), ("off", "ICP-PAPER-2", False)):
            portal.visitor.submit(f"Switch paperless billing {turn}")
            portal.settle()
            found = portal.account(ACCOUNT)["paperless"]
            story.expect(id, f"switched {turn}, and the partner has it", found=found, expected=expected)


def autopay(story: Story, url: str) -> None:
    """Story AutoPay Enrollment: switched on, the bill collected on its day, switched off."""
    with Portal.opened(url, "journey-autopay") as portal:
        portal.save_card()
        page = portal.jump(Redirect.AUTOPAY)
        story.expect("ICP-RED-3", "RedirectID 3 is AutoPay", found=page.heading, expected="AutoPay")
        portal.visitor.submit("Switch AutoPay on", {"Visa": True})
        portal.settle()
        story.expect(
            "ICP-AUTO-1", "enrolled, and the partner is told", found=portal.account(ACCOUNT)["autopay"], expected=True
        )
        portal.advance("25d")
        story.expect(
            "ICP-AUTO-3",
            "the bill is paid on its day, once",
            found=(portal.invoice(INVOICE)["balance_due"], len(portal.account(ACCOUNT)["payments"])),
            expected=("0.00", 1),
        )
        portal.token = portal.rest.remote_authentication(USER, portal.password).token  # the other expired long ago
        portal.jump(Redirect.AUTOPAY)
        portal.visitor.submit("Switch AutoPay off")
        portal.settle()
        story.expect(
            "ICP-AUTO-2",
            "unenrolled, and the partner is told",
            found=portal.account(ACCOUNT)["autopay"],
            expected=False,
        )


def pay_by_text(story: Story, url: str) -> None:
    """Story Pay By Text Enrollment: a telephone number that answers, and its end."""
    with Portal.opened(url, "journey-text") as portal:
        page = portal.jump(Redirect.PAY_BY_TEXT)
        story.expect("ICP-RED-11", "RedirectID 11 is pay by text", found=page.heading, expected="Pay by text")
        portal.visitor.submit("Send me a message", {"Mobile telephone number": "413-555-0123"})
        page = portal.visitor.submit("Send the answer", {"Your answer": "Y"})
        story.expect(
            "ICP-TEXT-1",
            "the number counts once it answered",
            found="Switch pay by text off" in page.buttons(),
            expected=True,
        )
        page = portal.visitor.submit("Switch pay by text off")
        story.expect("ICP-TEXT-2", "and no longer", found="Send me a message" in page.buttons(), expected=True)


def email_and_password(story: Story, url: str) -> None:
    """Story Update Email and Password: at once where both sides agree, else after a word of the user's."""
    with Portal.opened(url, "journey-update") as portal:
        texts = [portal.jump(redirect).text.lower() for redirect in Redirect]
        story.expect(
            "ICP-UPD-1",
            f"{len(texts)} pages, none of which changes a password",
            found=any("password" in text for text in texts),
            expected=False,
        )
        done = sso.update_email_and_password(
            portal.rest,
            username=USER,
            email_address=USER,
            password=portal.password,
            new_email_address="laundry@example.com",
            new_password="Changed!6789",
        )
        story.expect(
            "ICP-UPD-2",
            "the same at both: updated at once",
            found=(done.verification_needed, {"UpdatePassword", "UpdateEmailAddress"} <= set(done.operations)),
            expected=(False, True),
        )
        username = portal.rest.retrieve_users(account_number=ACCOUNT)[0].username
        asked = sso.update_email_and_password(
            portal.rest, username=username, email_address=USER, password=portal.password, new_password="Third!12345"
        )
        story.expect(
            "ICP-UPD-3",
            f"not the same: the user is asked first, at {asked.verify_at}",
            found=(asked.verification_needed, asked.verify_at),
            expected=(True, "laundry@example.com"),
        )
        if asked.pending is None:
            return  # the step above is broken, and has said so
        sso.finish_email_and_password(portal.rest, asked.pending)
        token = portal.rest.remote_authentication(username, "Third!12345").token
        story.expect("ICP-UPD-3", "and the change is made when it is approved", found=bool(token), expected=True)


def payment_methods(story: Story, url: str) -> None:
    """Story Manage Payment Methods: a card is stored, updated and removed."""
    with Portal.opened(url, "journey-methods") as portal:
        page = portal.save_card()
        story.expect("ICP-RED-5", "RedirectID 5 is the payment options", found=page.heading, expected="Payment options")
        story.expect(
            "ICP-METH-1",
            "of a stored card only the last four digits are kept",
            found=("1111" in page.text, "4111" in page.text),
            expected=(True, False),
        )
        portal.visitor.follow("Change the Visa")
        page = portal.visitor.submit("Save the change", {"Name on the card": "W. Laundry"})
        story.expect("ICP-METH-2", "it is updated", found="W. Laundry" in page.text, expected=True)
        page = portal.visitor.submit("Remove the Visa")
        story.expect("ICP-METH-3", "and removed", found="No payment method is saved yet." in page.text, expected=True)


def sign_out(story: Story, url: str) -> None:
    """SSOConnect details: the way back by signing out, and the link that opens nothing from then on."""
    back = "http://127.0.0.1:9/portal"
    with Portal.opened(url, "journey-sign-out") as portal:
        page = portal.jump(Redirect.RECENT_BILLS, return_url=back, site="Mill Town")
        button = "Sign out and Return to Mill Town"
        story.expect(
            "ICP-SSO-6",
            f"the button is {button!r}",
            found=button in page.buttons() or button in page.titles(),
            expected=True,
        )
        portal.visitor.submit(button)
        story.expect("ICP-SSO-5", f"it leads to {back}", found=portal.visitor.sent_to, expected=back)
        page = portal.jump(Redirect.RECENT_BILLS)
        story.expect("ICP-SSO-7", f"the same link is refused: {page.heading}", found=page.status >= 400, expected=True)
        answer = asked("GET", f"{portal.url}/cloudsso/connect", params={"ViewMode": "1", "RedirectID": "1"})
        story.expect("ICP-SSO-1", "and nothing opens without a token", found=answer.status_code >= 400, expected=True)
        portal.token = portal.rest.remote_authentication(USER, portal.password).token
        page = portal.jump(Redirect.OPEN_BILLS)
        story.expect("ICP-RED-8", "RedirectID 8 is the open bills", found=page.heading, expected="Open bills")
