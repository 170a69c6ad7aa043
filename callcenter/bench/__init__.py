"""Benchmarks: what one machine holds, each in one command."""
