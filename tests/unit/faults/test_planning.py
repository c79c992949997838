"""Which faults a seed stands for."""

from tests.faults.planning import OVERLAPS, Fault, plan


def test_a_seed_says_it_all_and_another_says_something_else() -> None:
    one, again, other = (list(plan(seed, 600, list(Fault))) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_every_fault_and_every_overlap_comes_at_least_once_however_short_the_time() -> None:
    found = [(one.fault, one.companion and one.companion.fault) for one in plan(3, 0, list(Fault))]
    assert sorted(map(str, found)) == sorted(
        map(str, [*((fault, None) for fault in Fault), *OVERLAPS])
    )


def test_faults_take_no_longer_than_the_time_and_one_ahead_comes_last() -> None:
    planned = list(plan(4, 1800, list(Fault)))
    assert 1700 < sum(one.seconds for one in planned) <= 1800
    assert [one.fault is Fault.CLOCK_AHEAD for one in planned] == [False] * (len(planned) - 2) + [
        True
    ] * 2


def test_only_chosen_faults_come_and_overlap() -> None:
    chosen = {Fault.DATABASE_STOPPED, Fault.LOOP_KILLED}
    planned = list(plan(5, 300, list(chosen)))
    assert {one.fault for one in planned} == chosen
    assert {one.companion.fault for one in planned if one.companion} == {Fault.LOOP_KILLED}


def test_brief_ones_last_as_short_as_they_may() -> None:
    brief = list(plan(6, 0, list(Fault), brief=True))
    assert sum(one.seconds for one in brief) < 180
    assert max(one.lasts for one in brief if one.fault is Fault.DATABASE_FROZEN_LONG) > 25
