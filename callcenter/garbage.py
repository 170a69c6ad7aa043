"""Python's collector of cyclic garbage, kept from stopping all calls."""

import gc


def spare_what_is_there() -> None:
    """Never look again through what exists now: models, libraries and flows stay to the end.

    A full collection goes through all of it, and holds up the loop for 50 to 65 ms with what a daemon has loaded.
    """
    gc.collect()
    gc.freeze()
