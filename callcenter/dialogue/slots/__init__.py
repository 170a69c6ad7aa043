"""Slots: what a caller said, in the caller's own words, to typed values. Pure functions, one module per type."""
