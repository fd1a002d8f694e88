"""A process that reads ahead hands over the same pages, the same refusal, and never leaves a half delivery looking whole."""

import os

import pytest

from credit.collection import ahead
from credit.errors import FileRefused

BIG = ahead.WORTH_BYTES + 1


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(ahead.threading, "active_count", lambda: 1)
    monkeypatch.setattr(ahead, "cores", lambda: 2)


def numbered(count):
    for number in range(count):
        yield number, os.getpid(), "页" * 1000


@pytest.mark.parametrize("size", [10, BIG])
def test_the_same_pages_in_order(alone, size):
    pages = list(ahead.read_ahead(numbered(500), size))
    assert [number for number, _, _ in pages] == list(range(500))
    assert {process == os.getpid() for _, process, _ in pages} == {size == 10}


def test_a_refusal_in_the_reader_is_the_same_refusal_here(alone):
    def pages():
        yield 1
        raise FileRefused("第7行有未闭合的引号", faults=[{"field": "7", "code": "QUOTE", "message": "引号"}], row=7)

    reading = ahead.read_ahead(pages(), BIG)
    assert next(reading) == 1
    with pytest.raises(FileRefused) as refused:
        next(reading)
    assert (refused.value.detail, refused.value.facts) == ("第7行有未闭合的引号", {"row": 7})
    assert refused.value.faults[0]["code"] == "QUOTE"


def test_a_reader_that_dies_is_told(alone):
    def pages():
        yield 1
        os._exit(9)

    with pytest.raises(FileRefused, match="意外结束"):
        list(ahead.read_ahead(pages(), BIG))


def test_leaving_early_ends_the_reader(alone):
    reading = ahead.read_ahead(numbered(100_000), BIG)
    _, reader, _ = next(reading)
    reading.close()
    with pytest.raises(ProcessLookupError):
        os.kill(reader, 0)


def test_with_threads_it_reads_in_the_writer(monkeypatch):
    monkeypatch.setattr(ahead.threading, "active_count", lambda: 2)
    assert {process for _, process, _ in ahead.read_ahead(numbered(3), BIG)} == {os.getpid()}
