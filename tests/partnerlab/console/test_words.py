"""What the console's words say by themselves: the zone of a time, what a form did, names as code."""

from __future__ import annotations

import lxml.html

from tests.partnerlab.console.conftest import Reader


def test_every_time_says_that_it_is_utc_beside_it_or_in_the_heading_above(reader: Reader) -> None:
    story = reader.post("/console/try/lost")
    reader.settle()
    done = reader.post("/console/clock/advance", duration="1d")
    assert "What ran on the way" in done.text
    (delivery,) = reader.get("/console/deliveries").links("/console/deliveries/")[-1:]
    reader.post(f"{delivery}/posted", reason="seen there")
    exchange = reader.get("/console/traffic").links("/console/traffic/")[0]
    upload = reader.get("/console/files").links("/console/files/in/")[0]
    places = ["", "traffic", "payments", "audit?every=1", "deliveries", "files", "clock", "mailbox?number=1", "lanes"]
    paths = [f"/console/{place}" for place in places] + [delivery, exchange, upload, story.path.partition("?")[0]]
    times = 0
    for page in (done, *map(reader.get, paths)):
        for one in lxml.html.fromstring(page.raw).xpath("//time"):
            cells = one.xpath("ancestor::td")
            column = 1 + len(cells[0].xpath("preceding-sibling::*")) if cells else 0
            heads = one.xpath(
                f"ancestor::table//thead//th[{column}]" if cells else "preceding::*[self::h1|self::h2|self::h3][1]"
            )
            assert any("UTC" in said.text_content() for said in (one, *heads)), (page.path, one.text_content())
            times += 1
    assert times > 40


def test_what_must_hold_has_names_as_code(reader: Reader) -> None:
    page = reader.get("/console/verify?role=tccs")
    assert "<code>InvoiceNumber|InsuredName|Amount</code>" in page.raw
    assert "`" not in page.text


def test_a_job_at_a_time_of_day_says_in_which_zone(reader: Reader) -> None:
    page = reader.get("/console/clock").text
    assert "daily at 01:00 America/New_York" in page
    assert "every 15 min America" not in page


def test_what_a_form_did_or_did_not_has_the_focus(reader: Reader) -> None:
    done = reader.post("/console/try/pay")
    failed = reader.post("/console/clock/advance", duration="soon")
    for page, words in ((done, "Paid:"), (failed, "That did not work.")):
        (focused,) = lxml.html.fromstring(page.raw).xpath("//*[@autofocus]")
        assert words in focused.text_content()
        assert focused.get("tabindex") == "-1"
