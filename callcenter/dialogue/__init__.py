"""Deciding: flows, slots, intents and brains."""
