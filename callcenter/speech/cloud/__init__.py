"""Recognisers and voices that are elsewhere."""
