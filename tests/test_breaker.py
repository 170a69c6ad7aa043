import pytest

from callcenter.breaker import FAILURES, FIRST_REST_S, LONGEST_REST_S, Breaker


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.admits(at)
        breaker.fail(at)
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = Breaker()
    for _ in range(2):
        for _ in range(FAILURES - 1):
            breaker.fail(0.0)
        assert breaker.admits(0.0)
        breaker.succeed()
    assert not opened().admits(FIRST_REST_S - 0.1)


def test_one_at_a_time_tries_what_has_rested() -> None:
    breaker = opened()
    assert breaker.report(FIRST_REST_S)["state"] == "half open"
    assert breaker.admits(FIRST_REST_S)
    assert not breaker.admits(FIRST_REST_S)
    breaker.succeed()
    assert breaker.admits(FIRST_REST_S)
    assert breaker.admits(FIRST_REST_S)
    assert breaker.report(FIRST_REST_S)["state"] == "closed"


def test_who_gives_up_leaves_the_try_to_another() -> None:
    breaker = opened()
    assert breaker.admits(FIRST_REST_S)
    breaker.give_up()
    assert breaker.admits(FIRST_REST_S)


def test_each_failed_try_doubles_the_rest() -> None:
    breaker, now, rest = opened(), 0.0, FIRST_REST_S
    for _ in range(6):
        now += rest
        assert breaker.admits(now)
        breaker.fail(now)
        rest = min(2 * rest, LONGEST_REST_S)
        assert not breaker.admits(now + rest - 0.1)
    assert rest == LONGEST_REST_S


@pytest.mark.parametrize(("asked_for", "rests"), [(1.0, 1.0), (30.0, 30.0), (3600.0, LONGEST_REST_S)])
def test_a_provider_that_says_when_to_come_back_is_heeded(asked_for: float, rests: float) -> None:
    breaker = Breaker()
    breaker.fail(0.0, asked_for)
    assert not breaker.admits(rests - 0.1)
    assert breaker.admits(rests)


def test_it_keeps_account_for_who_looks_on() -> None:
    breaker = Breaker()
    breaker.succeed()
    for _ in range(FAILURES):
        breaker.fail(1.0, reason="status 500")
    account = {"answered": 1, "failed": FAILURES, "reason": "status 500"}
    assert breaker.report(2.0) == {"state": "open", "rests_s": FIRST_REST_S - 1, "failures": FAILURES, **account}
    assert breaker.report(99.0) == {"state": "half open", "rests_s": 0.0, "failures": FAILURES, **account}
    breaker.succeed()
    assert breaker.report(99.0) == {"state": "closed", "rests_s": 0.0, "failures": 0, **account, "answered": 2}


def test_a_failure_that_began_before_the_rest_does_not_prolong_it() -> None:
    breaker = opened()
    breaker.fail(FIRST_REST_S - 1)
    assert breaker.admits(FIRST_REST_S)
