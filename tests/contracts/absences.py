"""Contract of every history store: what a loop notes when it ends."""

from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Reason, Status
from tests.support.history.running import run_story
from tests.support.history.stories import (
    REPORT,
    RESTOCK,
    MakeLoopStore,
    all_of,
    minutes,
    presence,
    revision,
    stretch,
)


class AbsencesContract:
    """The `make_loop_store` fixture of a subclass makes stores on one history, which is empty."""

    def test_a_record_of_a_suspension_becomes_longer_and_never_shorter(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        """One of two loops ends within a minute. The other one records the whole minute."""
        suspended = {"status": Status.SKIPPED, "reason": Reason.SUSPENDED}

        async def story(store: LoopStore) -> None:
            for last, count in ((3, 4), (6, 7), (5, 6)):
                await store.record_stretches([stretch(0, last, count, **suspended), stretch(8)])
            await store.record_stretches([stretch(8, 9, 2)])
            first, missed = await all_of(store)
            assert (first.last_scheduled_time, first.instants) == (minutes(6), 7)
            assert first.execution_time == first.completed_at == minutes(6)
            assert missed.instants == 1

        run_story(make_loop_store, story)

    def test_a_takeover_is_noted_until_it_is_removed(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            restock, later, report = (
                UnsettledTakeover("restock", revision(1, time_zone="Europe/Berlin")),
                UnsettledTakeover("restock", revision(2, suspended=True)),
                UnsettledTakeover("report", revision(1, job_name=REPORT)),
            )
            await store.add_takeovers([])
            await store.add_takeovers([restock, report])
            await store.add_takeovers([restock, later])
            assert list(await store.takeovers("shop", [])) == []
            assert list(await store.takeovers("other", [RESTOCK])) == []
            assert list(await store.takeovers("shop", [REPORT])) == [report]
            found = {t.id: t for t in await store.takeovers("shop", [RESTOCK])}
            assert found == {restock.id: restock, later.id: later}
            await store.remove_takeovers([restock, report])
            await store.remove_takeovers([report])
            await store.remove_takeovers([])
            assert list(await store.takeovers("shop", [RESTOCK, REPORT])) == [later]
            assert list(await store.revisions("shop")) == []

        run_story(make_loop_store, story)

    def test_a_presence_is_written_changed_and_removed(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            assert list(await store.presences("shop")) == []
            one, two, other = (presence(key) for key in ("one", "two", "other"))
            elsewhere = other.model_copy(update={"namespace": "elsewhere"})
            for written in (one, two, elsewhere, one):
                await store.record_presence(written)
            changes = {"tasks": [RESTOCK, REPORT], "stop_time": minutes(2)}
            stopped = one.model_copy(update=changes)
            await store.record_presence(stopped)
            found = {p.id: p for p in await store.presences("shop")}
            assert found == {one.id: stopped, two.id: two}
            await store.remove_presences([one, two])
            await store.remove_presences([two])
            await store.remove_presences([])
            assert list(await store.presences("shop")) == []
            assert list(await store.presences("elsewhere")) == [elsewhere]
            assert (await store.counts())[Status.MISSED] == 0

        run_story(make_loop_store, story)
