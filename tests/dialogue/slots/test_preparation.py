"""Parsers that are warm have nothing left to load or compile."""

import re

import pytest

from callcenter.dialogue.slots import preparation
from callcenter.dialogue.slots.vocabulary import numbers
from callcenter.errors import FileError
from tests.dialogue.slots.readings import read


def test_a_warm_language_is_read_only_once() -> None:
    preparation.warm_up(["fr"])
    read_before = numbers.cache_info().misses
    for kind in ("money", "number", "years", "phone", "own", "postcode"):
        read(kind, "zéro six douze", "fr", "FR")
    assert numbers.cache_info().misses == read_before


def test_a_language_without_words_is_an_error() -> None:
    with pytest.raises(FileError, match=re.escape("numbers.yaml")):
        preparation.warm_up(["xx"])
