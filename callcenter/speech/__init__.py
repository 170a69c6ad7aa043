"""Hearing and talking: voice activity, recognisers, voices, phrases, models."""
