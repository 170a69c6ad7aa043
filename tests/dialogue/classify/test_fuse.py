"""The fuse before a service."""

from callcenter.dialogue.classify.fuse import FAILURES, REST_S, Fuse


def test_a_service_that_fails_is_left_alone_for_a_while() -> None:
    fuse = Fuse()
    for second in range(FAILURES):
        assert not fuse.is_blown(second)
        fuse.fail(second)
    last = FAILURES - 1
    assert fuse.is_blown(last)
    assert fuse.is_blown(last + REST_S - 0.1)
    assert not fuse.is_blown(last + REST_S)


def test_one_failure_after_the_rest_is_enough_and_one_answer_mends() -> None:
    fuse = Fuse()
    for _ in range(FAILURES):
        fuse.fail(0)
    fuse.fail(REST_S)
    assert fuse.is_blown(REST_S + 1)
    fuse.mend()
    assert not fuse.is_blown(REST_S + 1)
    fuse.fail(REST_S + 2)
    assert not fuse.is_blown(REST_S + 3)
