"""What a form did or what was typed into one is kept for the next page, within a bound."""

from __future__ import annotations

from partnerlab.console.view import MOST_NOTED_BYTES, MOST_NOTES, TOO_MUCH, Notes


def held(notes: Notes) -> int:
    return sum(len(one) for one in notes._kept.values())


def test_a_note_is_told_once() -> None:
    notes = Notes()
    key = notes.keep(wrong="no", typed={"body": "ä\x00\ud800"})
    assert notes.take(key) == {"wrong": "no", "typed": {"body": "ä\x00\ud800"}}
    assert (notes.take(key), notes.take(""), held(notes), notes._bytes) == ({}, {}, 0, 0)


def test_large_notes_push_older_ones_out() -> None:
    notes = Notes()
    keys = [notes.keep(wrong="no", typed={"body": "x" * (MOST_NOTED_BYTES // 3)}) for _ in range(10)]
    assert held(notes) == notes._bytes <= MOST_NOTED_BYTES
    assert [bool(notes.take(key)) for key in keys] == [False] * 8 + [True] * 2


def test_of_what_is_too_large_the_words_are_kept() -> None:
    notes = Notes()
    other = notes.keep(done="It is done.")
    key = notes.keep(wrong="w" * 5_000, typed={"body": "x" * MOST_NOTED_BYTES})
    assert notes.take(key) == {"wrong": f"{'w' * 2_000} {TOO_MUCH}"}
    assert notes.take(notes.keep(done="yes", timeline=["x" * MOST_NOTED_BYTES])) == {"done": "yes"}
    assert notes.take(other) == {"done": "It is done."}


def test_the_oldest_of_many_are_forgotten() -> None:
    notes = Notes()
    keys = [notes.keep(done=str(number)) for number in range(MOST_NOTES + 5)]
    assert [number for number, key in enumerate(keys) if not notes.take(key)] == list(range(5))
