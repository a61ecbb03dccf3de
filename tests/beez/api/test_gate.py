import threading
import time

import pytest

from beez.api.gate import FullError, Gate, LateError


@pytest.fixture
def start():
    threads = []

    def run(work, *given):
        threads.append(threading.Thread(target=work, args=given, daemon=True))
        threads[-1].start()
        return threads[-1]

    yield run
    for thread in threads:
        thread.join(20)


def until_waiting(gate, count):
    deadline = time.monotonic() + 10
    while len(gate._waiting) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_finds_it_full_is_told_at_once_and_gets_in_after_another_left():
    gate = Gate(1)
    with gate.inside(), pytest.raises(FullError), gate.inside():
        pass
    with gate.inside():
        pass


def test_work_that_fails_leaves_and_gives_its_turn_back():
    gate = Gate(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gate.inside():
            raise ZeroDivisionError


def test_one_at_a_time_has_the_turn(start):
    gate, together, most = Gate(8), [], []

    def work():
        for due in range(50):
            with gate.inside(due=due) as offer:
                for _ in range(3):
                    offer()
                    together.append(1)
                    most.append(len(together))
                    together.pop()

    for thread in [start(work) for _ in range(8)]:
        thread.join(20)
    assert len(most) == 1_200 and set(most) == {1}


@pytest.mark.parametrize(
    ("dues", "expected"),
    [([0, 0, 0], [0, 1, 2]), ([30, 20, 10], [2, 1, 0]), ([10, 30, 10], [0, 2, 1])],
)
def test_the_turn_goes_to_what_is_due_first_and_else_by_order(start, dues, expected):
    gate, order, threads = Gate(8), [], []

    def work(number, due):
        with gate.inside(due=due):
            order.append(number)

    with gate.inside():
        for number, due in enumerate(dues):
            threads.append(start(work, number, due))
            until_waiting(gate, number + 1)
    for thread in threads:
        thread.join(10)
    assert order == expected


def test_who_is_due_earlier_is_let_through_by_an_offer_and_others_are_not(start):
    gate, order = Gate(8), []

    def work(due):
        with gate.inside(due=due):
            order.append(due)

    with gate.inside(due=10) as offer:
        later, sooner = start(work, 20), start(work, 5)
        until_waiting(gate, 2)
        offer()
        order.append(10)
        offer()
        order.append(10)
    later.join(10)
    sooner.join(10)
    assert order == [5, 10, 10, 20]


def test_who_waits_too_long_goes_and_nobody_misses_the_turn():
    gate = Gate(8)
    with gate.inside(), pytest.raises(LateError), gate.inside(seconds=0.05):
        pass
    assert gate._waiting == []
    with gate.inside(seconds=0.05):
        pass
