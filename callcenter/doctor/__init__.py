"""Checks of everything that a call needs, each with what was found and what to do about it."""

from callcenter.doctor.examination import examine
from callcenter.doctor.finding import Finding

__all__ = ["Finding", "examine"]
