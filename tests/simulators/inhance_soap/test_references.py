"""The filter of references: none that was told is missed, and few others are taken for one."""

from __future__ import annotations

from partnerlab.simulators.inhance_soap.services.references import References


def test_a_reference_that_was_told_is_found() -> None:
    references = References()
    told = [hash(("a", "1", f"p{number}")) for number in range(2_000)]
    for hashed in told:
        references.tell(hashed)
    assert all(map(references.may_have, told))


def test_one_that_was_not_is_seldom_taken_for_one() -> None:
    references = References()
    for number in range(100_000):
        references.tell(hash(("a", "1", f"p{number}")))
    others = [hash(("a", "2", f"p{number}")) for number in range(10_000)]
    assert sum(map(references.may_have, others)) < 50, "one in two thousand is expected"
