"""What breaks the formats of contentInfo: the format, the text, the column, what was expected and what was found."""

from __future__ import annotations

__all__ = ["GUID", "MALFORMED", "N"]

GUID = "e99fc166-9d990-4a99-bb16-99fe155ebf99"

N = "306-12/11/2019"
NUMBER = "a policy or quote number"
POLICY = "a policy number, which does not begin with Q"
QUOTE = "a quote number, which begins with Q"
DATE = "an expiration date MM/DD/YYYY"
HYPHEN = "'-' and an expiration date MM/DD/YYYY"
AMOUNT = "an amount above zero with two decimals"
TYPE = "a payment type, CC or ACH"
TO_GUID = "'@' and a PaymentGUID or the end"
PAID_ON = "a date of transaction MM/DD/YYYY"
FLAG = "a flag, Y or N"
NAME = "the insured's name"

MALFORMED = [
    # the invoice number
    ("invoice-number", "", 1, NUMBER, "the end"),
    ("invoice-number", "   ", 4, NUMBER, "the end"),
    ("invoice-number", "306", 4, HYPHEN, "the end"),
    ("invoice-number", "306-", 5, DATE, "the end"),
    ("invoice-number", "-12/11/2019", 1, NUMBER, "'-12/11/2019'"),
    ("invoice-number", "306 12/11/2019", 7, NUMBER, "'/'"),
    ("invoice-number", "306/12-12/11/2019", 4, NUMBER, "'/'"),
    ("invoice-number", "306--12/11/2019", 1, NUMBER, "'306-'"),
    ("invoice-number", "306#-12/11/2019", 4, NUMBER, "'#'"),
    ("invoice-number", "30٦-12/11/2019", 3, NUMBER, "'٦'"),
    ("invoice-number", "30\u00a06-12/11/2019", 3, NUMBER, r"'\xa0'"),
    ("invoice-number", "306\n-12/11/2019", 4, NUMBER, r"'\n'"),
    ("invoice-number", f"{'1' * 51}-12/11/2019", 1, f"{NUMBER}, of at most 50 characters", "51 characters"),
    ("invoice-number", "306-1/11/2019", 5, DATE, "'1/11/2019'"),
    ("invoice-number", "306-13/11/2019", 5, DATE, "'13/11/2019'"),
    ("invoice-number", "306-02/30/2019", 5, DATE, "'02/30/2019'"),
    ("invoice-number", "306-02/29/2019", 5, DATE, "'02/29/2019'"),
    ("invoice-number", "306-12/11/0000", 5, DATE, "'12/11/0000'"),
    ("invoice-number", "306-12/11/19", 5, DATE, "'12/11/19'"),
    ("invoice-number", "306-12-11-2019", 11, DATE, "'2019'"),
    ("invoice-number", "306-2019-12-11", 13, DATE, "'11'"),
    ("invoice-number", "306-12/11/2019 x", 5, DATE, "'12/11/2019 x'"),
    ("invoice-number", "306-12/11/2019\n", 5, DATE, r"'12/11/2019\n'"),
    ("invoice-number", f"{N}|24.00", 15, "the end", "'|'"),
    # a payment
    ("payment", "1-12/11/2019|9.00|CC", 18, "':' and a payment type", "'|'"),
    ("payment", f"Q{N}|24.00:CC", 1, POLICY, "'Q306'"),
    ("payment", N, 15, f"'|' and {AMOUNT}", "the end"),
    ("payment", f"{N}|", 16, AMOUNT, "the end"),
    ("payment", f"{N}|:CC", 16, AMOUNT, "':'"),
    ("payment", f"{N}:24.00:CC", 15, f"'|' and {AMOUNT}", "':'"),
    ("payment", f"{N}|24:CC", 16, AMOUNT, "'24'"),
    ("payment", f"{N}|24.5:CC", 16, AMOUNT, "'24.5'"),
    ("payment", f"{N}|24.005:CC", 16, AMOUNT, "'24.005'"),
    ("payment", f"{N}|.50:CC", 16, AMOUNT, "'.50'"),
    ("payment", f"{N}|24.:CC", 16, AMOUNT, "'24.'"),
    ("payment", f"{N}|024.00:CC", 16, AMOUNT, "'024.00'"),
    ("payment", f"{N}|0.00:CC", 16, AMOUNT, "'0.00'"),
    ("payment", f"{N}|1234567890.00:CC", 16, AMOUNT, "'1234567890.00'"),
    ("payment", f"{N}|1,000.00:CC", 17, AMOUNT, "','"),
    ("payment", f"{N}|24,00:CC", 18, AMOUNT, "','"),
    ("payment", f"{N}|-24.00:CC", 16, AMOUNT, "'-'"),
    ("payment", f"{N}|+24.00:CC", 16, AMOUNT, "'+'"),
    ("payment", f"{N}|$24.00:CC", 16, AMOUNT, "'$'"),
    ("payment", f"{N}|1e3:CC", 17, AMOUNT, "'e'"),
    ("payment", f"{N}|NaN:CC", 16, AMOUNT, "'N'"),
    ("payment", f"{N}|24 .00:CC", 18, AMOUNT, "' '"),
    ("payment", f"{N}|24.00", 21, "':' and a payment type", "the end"),
    ("payment", f"{N}|24.00:", 22, TYPE, "the end"),
    ("payment", f"{N}|24.00:@{GUID}", 22, TYPE, "'@'"),
    ("payment", f"{N}|24.00:cc", 22, TYPE, "'cc'"),
    ("payment", f"{N}|24.00:VISA", 22, TYPE, "'VISA'"),
    ("payment", f"{N}|24.00:CC ACH", 22, TYPE, "'CC ACH'"),
    ("payment", f"{N}|24.00:CC|x", 24, TO_GUID, "'|'"),
    ("payment", f"{N}|24.00:CC:x", 24, TO_GUID, "':'"),
    # the PaymentGUID
    ("payment", f"{N}|24.00:CC@", 25, "a PaymentGUID", "the end"),
    ("payment", f"{N}|24.00:CC@{{{GUID}}}", 25, "a PaymentGUID", "'{'"),
    ("payment", f"{N}|24.00:CC@e99_fc", 28, "a PaymentGUID", "'_'"),
    ("payment", f"{N}|24.00:CC@e99 fc", 28, "a PaymentGUID", "' '"),
    ("payment", f"{N}|24.00:CC@-e99", 25, "a PaymentGUID", "'-e99'"),
    ("payment", f"{N}|24.00:CC@e99-", 25, "a PaymentGUID", "'e99-'"),
    ("payment", f"{N}|24.00:CC@e--9", 25, "a PaymentGUID", "'e--9'"),
    ("payment", f"{N}|24.00:CC@{'a' * 100}", 25, "a PaymentGUID, of at most 99 characters", "100 characters"),
    ("payment", f"{N}|24.00:CC@e9@e9", 27, "the end", "'@'"),
    # a quote deposit
    ("quote-deposit", f"{N}|Test Name|24.00", 1, QUOTE, "'306'"),
    ("quote-deposit", f"q{N}|Test Name|24.00", 1, QUOTE, "'q306'"),
    ("quote-deposit", "Q-12/11/2019|Test Name|24.00", 1, QUOTE, "'Q'"),
    ("quote-deposit", f"Q{N}|24.00:CC", 22, f"'|' and {AMOUNT}", "':'"),
    ("quote-deposit", f"Q{N}||24.00", 17, NAME, "'|'"),
    ("quote-deposit", f"Q{N}|  |24.00", 19, NAME, "'|'"),
    ("quote-deposit", f"Q{N}|Test|Name|24.00", 22, AMOUNT, "'N'"),
    ("quote-deposit", f"Q{N}|Test@Name|24.00", 21, f"'|' and {AMOUNT}", "'@'"),
    ("quote-deposit", f"Q{N}|Test: Name|24.00", 21, f"'|' and {AMOUNT}", "':'"),
    ("quote-deposit", f"Q{N}|Te\tst|24.00", 19, NAME, r"'\t'"),
    ("quote-deposit", f"Q{N}|{'x' * 101}|24.00", 17, f"{NAME}, of at most 100 characters", "101 characters"),
    ("quote-deposit", f"Q{N}|Test Name|24.00:CC", 32, TO_GUID, "':'"),
    ("quote-deposit", f"Q{N}|Test Name", 26, f"'|' and {AMOUNT}", "the end"),
    # an ACH reject
    ("insufficient-funds", f"{N}|06/22/2020|25.00|IFR", 15, f"':' and {PAID_ON}", "'|'"),
    ("insufficient-funds", f"{N}:6/22/2020|25.00|IFR", 16, PAID_ON, "'6/22/2020'"),
    ("insufficient-funds", f"{N}:06/31/2020|25.00|IFR", 16, PAID_ON, "'06/31/2020'"),
    ("insufficient-funds", f"{N}:06/22/2020|25|IFR", 27, AMOUNT, "'25'"),
    ("insufficient-funds", f"{N}:06/22/2020|25.00", 32, "'|' and the word, IFR", "the end"),
    ("insufficient-funds", f"{N}:06/22/2020|25.00|NSF", 33, "the word, IFR", "'NSF'"),
    ("insufficient-funds", f"{N}:06/22/2020|25.00|IFR@{GUID}", 36, "the end", "'@'"),
    # enrolments
    ("paperless", f"{N}|Y|PB", 15, "':' and a flag", "'|'"),
    ("paperless", f"{N}:y|PB", 16, FLAG, "'y'"),
    ("paperless", f"{N}:On|PB", 16, FLAG, "'On'"),
    ("paperless", f"{N}:|PB", 16, FLAG, "'|'"),
    ("paperless", f"{N}:Y|R", 18, "the word, PB", "'R'"),
    ("recurring", f"{N}:Y|PB", 18, "the word, R", "'PB'"),
    ("recurring", f"{N}:Y", 17, "'|' and the word, R", "the end"),
    ("recurring", f"{N}:Y|R|", 19, "the end", "'|'"),
]  # fmt: skip
