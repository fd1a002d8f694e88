"""Reading and checking ahead (边读边写): a process beside the writer reads a large file while the writer writes.

The reader is forked from the writer before it works, so it has the same open file, mapping and catalogue, and hands over
whole mapped pages through a pipe that holds it back when the writer is slower. It never touches a database. A small file, a
process with threads, or a system without fork reads in the writer itself: the result is the same, page by page.
"""

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from credit.errors import CreditError, FileRefused

WORTH_BYTES = 4 * 1024 * 1024
YIELDS = 10
"""The reader stands back for whoever answers people on this machine."""
T = TypeVar("T")


def read_ahead(pages: Iterable[T], size: int) -> Iterator[T]:
    """The same pages, read in a process beside this one where the file of ``size`` bytes is worth it."""
    alone = threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()
    if size < WORTH_BYTES or not alone or cores() < 2:
        yield from pages
        return
    yield from _from_reader(pages)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _from_reader(pages: Iterable[T]) -> Iterator[T]:
    receiving, sending = multiprocessing.Pipe(duplex=False)
    reader = multiprocessing.get_context("fork").Process(target=_read, args=(pages, receiving, sending), daemon=True)
    reader.start()
    sending.close()
    try:
        while True:
            try:
                kind, value = receiving.recv()
            except EOFError:
                raise FileRefused("读取进程意外结束，可再次提交同一文件继续") from None
            if kind == "end":
                return
            if kind == "error":
                raise _rebuilt(value)
            yield value
            del value
    finally:
        receiving.close()
        if reader.is_alive():
            reader.terminate()
        reader.join()


def _read(pages: Iterable[Any], receiving: Connection, sending: Connection) -> None:
    """In the reader: hand over every page, then how it ended. It leaves without the writer's own clean-up."""
    receiving.close()
    os.nice(YIELDS)
    gc.disable()
    try:
        for page in pages:
            sending.send(("page", page))
        sending.send(("end", None))
    except CreditError as error:
        sending.send(("error", (type(error), error.detail, error.faults, error.facts)))
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        sending.close()
        os._exit(0)


def _rebuilt(parts: tuple[type[CreditError], str, list[dict[str, str]], dict[str, Any]]) -> CreditError:
    kind, detail, faults, facts = parts
    return kind(detail, faults=faults, **facts)
