"""What takes long is found once in ten times as long, for each question, and anew where somebody asks for that."""

from __future__ import annotations

import threading

from partnerlab.console.remembered import MOST, Remembered


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0

    def __call__(self) -> float:
        return self.now

    def find(self) -> int:
        self.now += 2.0
        self.asked += 1
        return self.asked


def test_an_answer_is_kept_for_ten_times_as_long_as_it_took() -> None:
    clock = Clock()
    kept = Remembered(clock)
    assert [kept.get(("audit", "a"), clock.find, anew=False).value for _ in range(3)] == [1, 1, 1]
    assert kept.get(("audit", "a"), clock.find, anew=False).old_ms == 20_000
    clock.now += 20.0
    assert kept.get(("audit", "a"), clock.find, anew=False).value == 1
    clock.now += 0.1
    assert kept.get(("audit", "a"), clock.find, anew=False).value == 2
    again = kept.get(("audit", "a"), clock.find, anew=True)
    assert (again.value, again.old_ms) == (3, 0)
    assert kept.get(("audit", "b"), clock.find, anew=False).value == 4
    assert kept.get(("audit", "a"), clock.find, anew=False).value == 3


def test_who_asks_meanwhile_waits_for_the_same_answer_and_old_questions_are_forgotten() -> None:
    clock = Clock()
    kept = Remembered(clock)
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go_on.wait(30)
        return clock.find()

    answers: list[int] = []
    asking = [
        threading.Thread(target=lambda: answers.append(kept.get(("q",), slow, anew=False).value)) for _ in range(3)
    ]
    for one in asking:
        one.start()
    begun.wait(30)
    go_on.set()
    for one in asking:
        one.join()
    assert answers == [1, 1, 1]
    for number in range(MOST):
        kept.get((str(number),), clock.find, anew=False)
    assert kept.get(("q",), clock.find, anew=False).value == MOST + 2


def test_a_question_that_fails_is_asked_again() -> None:
    clock = Clock()
    kept = Remembered(clock)

    def broken() -> int:
        raise OSError

    for _ in range(2):
        try:
            kept.get(("q",), broken, anew=False)
        except OSError:
            clock.asked += 1
    assert clock.asked == 2
