"""The life of a delivery, as its table has it."""

from __future__ import annotations

import pytest

from partnerlab.client.datapump.states import FREE, TRANSITIONS, State, TransitionRefused, after, render_diagram


def reachable() -> set[State]:
    found, edge = {State.ACCEPTED}, [State.ACCEPTED]
    while edge:
        source = edge.pop()
        for transition in TRANSITIONS:
            if transition.source is source and transition.target not in found:
                found.add(transition.target)
                edge.append(transition.target)
    return found


def test_every_state_can_be_reached() -> None:
    assert reachable() == set(State)


def test_no_cause_leads_two_ways() -> None:
    assert len({(t.source, t.cause) for t in TRANSITIONS}) == len(TRANSITIONS)


def test_only_delivered_and_skipped_are_final() -> None:
    assert set(State) - {t.source for t in TRANSITIONS} == {State.DELIVERED, State.SKIPPED}


def test_what_the_pump_leaves_to_a_person_a_person_can_end() -> None:
    for state in (State.DEAD, State.UNKNOWN):
        by_person = {t.target for t in TRANSITIONS if t.source is state and t.person}
        assert State.DISMISSED in by_person
        assert State.ACCEPTED in by_person


def test_an_unknown_delivery_is_never_sent_again_without_a_person() -> None:
    again = [t for t in TRANSITIONS if t.source is State.UNKNOWN and t.target not in FREE]
    assert again
    assert all(t.person for t in again)


def test_a_verb_from_the_wrong_state_says_what_is_possible() -> None:
    assert after("x", State.DEAD, "replay") is State.ACCEPTED
    with pytest.raises(
        TransitionRefused,
        match=r"^delivery a:b is unknown: replay is not possible; a person can dismiss or resolve as posted"
        r" or resolve as not posted it$",
    ):
        after("a:b", State.UNKNOWN, "replay")
    with pytest.raises(TransitionRefused, match="there is nothing a person can do"):
        after("a:b", State.DELIVERED, "dismiss")


def test_the_diagram_has_every_transition() -> None:
    lines = render_diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert sum(" --> " in line and ": " in line for line in lines) == len(TRANSITIONS)
    assert "    unknown --> delivered: resolve as posted (a person)" in lines
    assert "    delivered --> [*]" in lines
