"""Our due instants are those of Kubernetes' own cron library, except where the docs say so."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jvscheduler import parse_schedule
from jvscheduler.cron import SYNONYMS, Cron, parse_cron
from jvscheduler.errors import InvalidSchedule
from tests.cluster.settings import Settings
from tests.support.cron.cases import ZONES, expression, instants, refused_or_accepted
from tests.support.cron.robfig import Oracle, Question, build_oracle

SEED = 20261123
EXPRESSIONS = 240
INSTANTS = 24
TEXTS = 2000
APIAS_LOST_DAY = datetime(2011, 12, 29, 20, tzinfo=UTC)

Row = tuple[str, str, int, Any, Any]
"""The expression, the zone, the instant asked about, our answer, robfig's answer."""


@pytest.fixture(scope="module")
def oracle(cluster_settings: Settings) -> Oracle:
    return build_oracle(cluster_settings)


def questions() -> list[Question]:
    random = Random(SEED)
    return [
        Question(usable(random), zone, instants(random, zone, INSTANTS))
        for zone in ZONES
        for _ in range(EXPRESSIONS)
    ]


def usable(random: Random) -> str:
    while not_due(text := expression(random)):
        pass
    return text


def not_due(text: str) -> bool:
    try:
        parse_cron(text.lower())
    except InvalidSchedule as error:
        assert "never due" in str(error), text  # noqa: PT017 - the only reason to pass over it
        return True
    return False


def rows(asked: list[Question], oracle: Oracle) -> Iterator[Row]:
    for question, answer in zip(asked, oracle.ask(asked), strict=True):
        cron, zone = parse_cron(question.expression.lower()), ZoneInfo(question.zone)
        for after, theirs in zip(question.after, answer["next"], strict=True):
            yield question.expression, question.zone, after, unix_next(cron, zone, after), theirs


def unix_next(cron: Cron, zone: ZoneInfo, after: int) -> int | None:
    found = cron.next(datetime.fromtimestamp(after, UTC), zone)
    return int(found.timestamp()) if found else None


def is_beyond_robfigs_five_years(row: Row) -> bool:
    _, zone, after, ours, theirs = row
    if theirs is not None or ours is None:
        return False
    years = [datetime.fromtimestamp(at, ZoneInfo(zone)).year for at in (after, ours)]
    return years[1] > years[0] + 5


def test_every_next_instant_is_robfigs(oracle: Oracle) -> None:
    compared = list(rows(questions(), oracle))
    different = [row for row in compared if row[3] != row[4]]
    assert [row for row in different if not is_beyond_robfigs_five_years(row)] == []
    assert len(compared) >= 100_000
    assert len({row[1] for row in compared}) >= 12
    assert len(different) < len(compared) / 1000


def test_a_text_is_accepted_just_where_robfig_accepts_it(oracle: Oracle) -> None:
    random = Random(SEED)
    texts = [random.choice([expression, refused_or_accepted])(random) for _ in range(TEXTS)]
    answers = oracle.ask([Question(text, after=[0]) for text in texts])
    accepted = 0
    for text, answer in zip(texts, answers, strict=True):
        ours = refusal(text)
        accepted += ours is None
        assert (ours is None) == ("error" not in answer) or is_never_due(ours, answer), text
    assert 500 < accepted < TEXTS - 500


def refusal(text: str) -> str | None:
    try:
        parse_schedule(text)
    except InvalidSchedule as error:
        return str(error)
    return None


def is_never_due(ours: str | None, answer: dict[str, Any]) -> bool:
    return ours is not None and "never due" in ours and answer.get("next") == [None]


def test_several_times_are_due_when_robfig_is_due_by_one_of_their_lines(oracle: Oracle) -> None:
    random = Random(SEED)
    lines = 0
    for zone in ZONES:
        schedule = parse_schedule(several_times(random), zone)
        lines += len(schedule.lines)
        after = instants(random, zone, INSTANTS)
        answers = oracle.ask([Question(line, zone, after) for line in schedule.lines])
        for at, *theirs in zip(after, *(answer["next"] for answer in answers), strict=True):
            found = schedule.next(datetime.fromtimestamp(at, UTC))
            assert found is not None
            assert int(found.timestamp()) == min(theirs), (schedule, zone, at)
    assert lines > 2 * len(ZONES)


def several_times(random: Random) -> str:
    form = random.choice(["daily", "every weekday", "weekly on sunday", "monthly on 15"])
    times = [f"{random.randint(0, 4)}:{random.choice([0, 15, 30, 45]):02}" for _ in range(5)]
    return f"{form} at {', '.join(times)}"


def test_a_line_with_the_values_of_h_means_to_robfig_what_it_means_here(oracle: Oracle) -> None:
    random = Random(SEED)
    texts = ["H H * * *", "H/7,59 H(20-23)/3 * * 0", "H(1-59)/59 H/24 1,15 * *", "0 h/5 * feb ?"]
    for zone in ZONES:
        after = instants(random, zone, INSTANTS)
        for text in texts:
            schedule = parse_schedule(text, zone, seed=f"task-{random.random()}")
            (answer,) = oracle.ask([Question(schedule.cron or "", zone, after)])
            ours = [schedule.next(datetime.fromtimestamp(at, UTC)) for at in after]
            assert [int(at.timestamp()) if at else None for at in ours] == answer["next"], schedule


@pytest.mark.parametrize("text", SYNONYMS)
def test_a_synonym_is_robfigs(text: str, oracle: Oracle) -> None:
    after = [int(datetime(2026, month, 3, 4, 5, tzinfo=UTC).timestamp()) for month in (2, 7)]
    named, spelt = oracle.ask(
        [Question(text, "UTC", after), Question(SYNONYMS[text], "UTC", after)]
    )
    assert named == spelt
    assert parse_schedule(text).cron == SYNONYMS[text]


@pytest.mark.parametrize(
    "text",
    [
        *("TZ=Europe/Berlin 0 9 * * *", "CRON_TZ=UTC 0 9 * * *", "@every 5m", "@every 1h30m"),
        *("0 0 30 2 *", "0 0 31 4 *", ", 0 * * *", "0\u00a09 * * *", "0\x0b9 * * *"),
        "0 0 " + ",".join(["1"] * 300) + " * *",
    ],
)
def test_what_robfig_accepts_and_we_refuse_on_purpose(text: str, oracle: Oracle) -> None:
    (answer,) = oracle.ask([Question(text, after=[0])])
    assert "error" not in answer
    assert refusal(text) is not None


def test_a_synonym_may_be_written_in_capitals_here(oracle: Oracle) -> None:
    (answer,) = oracle.ask([Question("@Daily")])
    assert "error" in answer
    assert parse_schedule("@Daily").cron == "0 0 * * *"


def test_our_search_goes_on_where_robfigs_never_ends(oracle: Oracle) -> None:
    after = int(APIAS_LOST_DAY.timestamp())
    (answer,) = oracle.ask([Question("0 0 30 12 *", "Pacific/Apia", [after])])
    assert answer["next"] == ["loops"]
    found = parse_schedule("0 0 30 12 *", "Pacific/Apia").next(APIAS_LOST_DAY)
    assert found == datetime(2012, 12, 29, 10, tzinfo=UTC)


def test_our_search_looks_beyond_robfigs_five_years(oracle: Oracle) -> None:
    after = datetime(2096, 3, 1, tzinfo=UTC)
    (answer,) = oracle.ask([Question("0 0 29 2 *", "UTC", [int(after.timestamp())])])
    assert answer["next"] == [None]
    found = parse_schedule("0 0 29 2 *").next(after)
    assert found == datetime(2104, 2, 29, tzinfo=UTC)
