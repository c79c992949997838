"""Which faults a seed stands for."""

from tests.faults.planning import OVERLAPS, Fault, plan


def test_a_seed_says_it_all_and_another_says_something_else() -> None:
    first, again, other = (list(plan(seed, 600, list(Fault))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_fault_and_every_overlap_comes_at_least_once_however_short_the_time() -> None:
    found = [
        (injection.fault, injection.companion and injection.companion.fault)
        for injection in plan(3, 0, list(Fault))
    ]
    assert sorted(map(str, found)) == sorted(
        map(str, [*((fault, None) for fault in Fault), *OVERLAPS])
    )


def test_faults_take_no_longer_than_the_time_and_one_ahead_comes_last() -> None:
    planned = list(plan(4, 1800, list(Fault)))
    assert 1700 < sum(injection.seconds for injection in planned) <= 1800
    assert [injection.fault is Fault.CLOCK_AHEAD for injection in planned] == [False] * (
        len(planned) - 2
    ) + [True] * 2


def test_only_chosen_faults_come_and_overlap() -> None:
    chosen = {Fault.DATABASE_STOPPED, Fault.LOOP_KILLED}
    planned = list(plan(5, 300, list(chosen)))
    assert {injection.fault for injection in planned} == chosen
    assert {injection.companion.fault for injection in planned if injection.companion} == {
        Fault.LOOP_KILLED
    }


def test_brief_ones_last_as_short_as_they_may() -> None:
    brief = list(plan(6, 0, list(Fault), brief=True))
    assert sum(injection.seconds for injection in brief) < 180
    assert (
        max(injection.lasts for injection in brief if injection.fault is Fault.DATABASE_FROZEN_LONG)
        > 25
    )
