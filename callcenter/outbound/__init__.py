"""Calling out: whom, when, how many at once, what to do with a machine, and when to try again."""
