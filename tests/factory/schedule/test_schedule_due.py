"""What is due: calendars through changes of the clocks, one catch-up, retries, clocks that jump."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_cases import at

from sme_research.factory.schedule.calendars import Calendar, resolve
from sme_research.factory.schedule.due import Attempt, Due, Waiting, find_due
from sme_research.factory.schedule.workbench import Retry

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
ALL_MONTHS = frozenset(range(1, 13))
MONTHLY = Calendar(26, time(3), ALL_MONTHS, SHANGHAI)
DAILY = Calendar("daily", time(3), ALL_MONTHS, SHANGHAI)
RETRY = Retry(attempts=3, wait="10 min", factor=2)
LONG_AGO = at("2020-01-01 00:00")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def attempt(occurrence: str, status: str = "done", number: int = 1, *, ended: str | None = None, final: bool = False):
    end = at(ended or occurrence)
    return Attempt(at(occurrence), number, status, end, end, final)


def due(*attempts: Attempt, now: str, calendar: Calendar = MONTHLY, since: datetime | None = LONG_AGO):
    return find_due(calendar, attempts, RETRY, since=since, now=at(now))


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        # The clocks go from 02:00 to 03:00 on 8 March 2026: 02:30 is not, 03:00 is the first moment after.
        ("2026-03-08 02:30", NEW_YORK, "2026-03-08 07:00"),
        ("2026-03-08 03:30", NEW_YORK, "2026-03-08 07:30"),
        # They go from 02:00 to 01:00 on 1 November 2026: the first 01:30 is still summer time.
        ("2026-11-01 01:30", NEW_YORK, "2026-11-01 05:30"),
        ("2026-11-01 02:30", NEW_YORK, "2026-11-01 07:30"),
        # China had summer time from 1986 to 1991, from 1986-05-04 02:00 to 1986-09-14 02:00.
        ("1986-05-04 02:30", SHANGHAI, "1986-05-03 18:00"),
        ("1986-09-14 01:30", SHANGHAI, "1986-09-13 16:30"),
        ("1986-09-14 03:00", SHANGHAI, "1986-09-13 19:00"),
        ("2026-11-26 03:00", SHANGHAI, "2026-11-25 19:00"),
        # Samoa left out 30 December 2011 whole.
        ("2011-12-30 12:00", ZoneInfo("Pacific/Apia"), "2011-12-30 10:00"),
        # Lord Howe's clocks change by half an hour.
        ("2026-10-04 02:15", ZoneInfo("Australia/Lord_Howe"), "2026-10-03 15:30"),
    ],
)
def test_a_time_that_is_not_or_comes_twice_has_one_instant(local, zone, expected):
    assert resolve(datetime.fromisoformat(local), zone) == utc(expected)


@pytest.mark.parametrize(("zone", "year"), [(NEW_YORK, 2026), (SHANGHAI, 1986), (SHANGHAI, 1991)])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_a_daily_job_comes_once_a_day_also_when_the_clocks_change(zone, year, hour):
    calendar = Calendar("daily", time(hour, 30), ALL_MONTHS, zone)
    now, days = datetime(year, 1, 1, tzinfo=zone).astimezone(UTC), []
    while (occurrence := calendar.next(now)).local.year == year:
        assert calendar.newest(occurrence.at) == occurrence
        assert calendar.newest(occurrence.at - timedelta(seconds=1)).at < occurrence.at
        days.append(occurrence.local.date())
        now = occurrence.at
    assert len(days) == len(set(days)) == 365
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


@pytest.mark.parametrize(
    ("day", "months", "now", "expected"),
    [
        (26, ALL_MONTHS, "2026-11-26 02:59", "2026-11-26"),
        (26, ALL_MONTHS, "2026-11-26 03:00", "2026-12-26"),
        (31, ALL_MONTHS, "2026-02-01 00:00", "2026-02-28"),
        ("last", ALL_MONTHS, "2028-02-01 00:00", "2028-02-29"),
        ("monday", ALL_MONTHS, "2026-11-24 00:00", "2026-11-30"),
        (26, frozenset({1, 7}), "2026-01-27 00:00", "2026-07-26"),
        (29, frozenset({2}), "2026-03-01 00:00", "2027-02-28"),
    ],
)
def test_the_next_day_of_a_calendar(day, months, now, expected):
    assert f"{Calendar(day, time(3), months, SHANGHAI).next(at(now)).local:%Y-%m-%d}" == expected


def test_at_its_time_it_is_due_and_not_before():
    done = attempt("2026-10-26 03:00")
    assert due(done, now="2026-11-26 02:59") == Waiting(at("2026-11-26 03:00"), retry=False)
    found = due(done, now="2026-11-26 03:00")
    assert (str(found.occurrence), found.attempt, found.missed) == ("2026-11-26 03:00", 1, 0)


def test_missed_times_are_caught_up_once_by_the_newest():
    found = due(attempt("2026-06-26 03:00"), now="2026-11-27 09:00")
    assert (str(found.occurrence), found.missed) == ("2026-11-26 03:00", 4)
    assert isinstance(due(attempt("2026-06-26 03:00"), attempt("2026-11-26 03:00"), now="2026-11-27 09:00"), Waiting)


def test_a_new_job_does_not_make_up_for_what_was_before_it_unless_asked():
    assert isinstance(due(now="2026-11-27 09:00", since=at("2026-11-27 00:00")), Waiting)
    assert isinstance(due(now="2026-11-27 09:00", since=None), Due)
    assert isinstance(due(now="2026-12-26 09:00", since=at("2026-11-27 00:00")), Due)


def test_a_failure_is_tried_again_after_a_wait_that_grows_and_then_no_more():
    first = attempt("2026-11-26 03:00", "failed", ended="2026-11-26 03:05")
    assert due(first, now="2026-11-26 03:14") == Waiting(at("2026-11-26 03:15"), retry=True)
    assert due(first, now="2026-11-26 03:15").attempt == 2
    second = attempt("2026-11-26 03:00", "failed", 2, ended="2026-11-26 03:20")
    assert due(first, second, now="2026-11-26 03:39") == Waiting(at("2026-11-26 03:40"), retry=True)
    third = attempt("2026-11-26 03:00", "failed", 3, ended="2026-11-26 03:45", final=True)
    assert due(first, second, third, now="2026-12-01 00:00") == Waiting(at("2026-12-26 03:00"), retry=False)
    assert due(first, second, third, now="2026-12-26 03:00").attempt == 1


def test_a_run_that_was_stopped_goes_on_at_once_and_is_no_failure():
    found = due(attempt("2026-11-26 03:00", "stopped", ended="2026-11-26 03:05"), now="2026-11-26 03:06")
    assert found.attempt == 1


def test_a_clock_set_back_reruns_nothing_that_is_done():
    done = [attempt(f"2026-{month:02d}-26 03:00") for month in range(1, 12)]
    for now in ("2026-11-27 00:00", "2026-11-26 02:00", "2026-05-30 00:00", "2026-11-28 00:00"):
        assert isinstance(due(*done, now=now), Waiting)


def test_a_clock_that_was_ten_years_ahead_stops_nothing():
    ahead = attempt("2036-10-26 03:00")
    assert str(due(attempt("2026-10-26 03:00"), ahead, now="2026-11-26 03:00").occurrence) == "2026-11-26 03:00"


def test_a_clock_set_back_while_a_retry_waits_does_not_make_it_wait_for_years():
    failed = attempt("2026-11-26 03:00", "failed", ended="2036-11-26 03:05")
    assert due(failed, now="2026-11-26 03:01").attempt == 2


def test_a_time_moved_to_later_the_same_day_is_not_made_twice():
    later = replace(MONTHLY, time=time(5))
    done = attempt("2026-11-26 03:00")
    assert isinstance(due(done, calendar=later, now="2026-11-26 10:00", since=at("2026-11-26 09:00")), Waiting)


def test_a_time_moved_to_earlier_the_same_day_is_not_made_twice():
    assert isinstance(
        due(attempt("2026-11-26 03:00"), calendar=replace(MONTHLY, time=time(1)), now="2026-11-26 10:00"), Waiting
    )


def test_what_was_begun_under_the_old_calendar_is_seen_through():
    failed = attempt("2026-11-26 03:00", "failed", ended="2026-11-26 03:05")
    found = due(failed, calendar=replace(MONTHLY, day=10), now="2026-11-26 10:00", since=at("2026-11-26 09:00"))
    assert (str(found.occurrence), found.attempt) == ("2026-11-26 03:00", 2)


MOVES = st.lists(
    st.tuples(st.sampled_from(["look", "jump"]), st.integers(-60 * 24 * 40, 60 * 24 * 70), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(MOVES, st.sampled_from([MONTHLY, DAILY, Calendar("daily", time(2, 30), ALL_MONTHS, NEW_YORK)]))
def test_whatever_the_clock_does_nothing_is_made_twice_and_the_newest_is_made(moves, calendar):
    """Outages and jumps by minutes; each move is followed by looks, of which some fail."""
    now, table, done = at("2026-01-05 12:00"), [], []
    since = now
    for kind, minutes, n_failures in moves:
        now += timedelta(minutes=abs(minutes) if kind == "look" else minutes)
        since = min(since, now)
        failures = n_failures
        for _ in range(8):
            found = find_due(calendar, table, RETRY, since=since, now=now)
            if isinstance(found, Waiting):
                if not found.retry:
                    break
                assert now < found.until <= now + timedelta(hours=1)
                now = found.until
                continue
            failed = failures > 0
            failures -= failed
            final = failed and found.attempt >= RETRY.attempts
            table.append(Attempt(found.occurrence.at, found.attempt, "failed" if failed else "done", now, now, final))
            assert found.attempt <= RETRY.attempts
            if not failed:
                done.append(found.occurrence.at)
        else:
            pytest.fail("it never came to rest")
        newest = calendar.newest(now).at
        if newest >= since:
            assert any(a.occurrence == newest and (a.status == "done" or a.final) for a in table)
    assert len(done) == len(set(done))
