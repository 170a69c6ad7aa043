import gc

from callcenter import garbage


def test_what_is_there_is_not_looked_through_again() -> None:
    try:
        garbage.spare_what_is_there()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 1_000
    finally:
        gc.unfreeze()
