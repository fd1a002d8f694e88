# ruff: noqa: E501 (a command that prints; sentences of a table)
"""Load on an address: as fast as it goes over eight connections (wrk, else own processes), or at a fixed rate (open loop).

Open loop counts from the moment a request was due, not from when a worker was free to send it: waiting is part of the answer.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.instance import BENCH

CONNECTIONS = 8
SCRIPT = """
local paths = {}
for line in io.lines(os.getenv("BENCH_PATHS")) do paths[#paths + 1] = line end
function init(args) math.randomseed(7) end
function request() return wrk.format("GET", paths[math.random(#paths)]) end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"rate":%.1f,"p50":%.3f,"p99":%.3f,"errors":%d,"requests":%d}\\n', summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout, summary.requests))
end
"""


class Load(NamedTuple):
    """Answers per second; milliseconds at the 50th and 99th of a hundred; answers that were no 2xx."""

    rate: float
    p50: float
    p99: float
    errors: int
    requests: int


def generator() -> str:
    """What makes the load here."""
    return "wrk" if shutil.which("wrk") else "own Python processes"


def closed_loop(port: int, paths: Sequence[str], *, seconds: float, token: str = "") -> Load:
    """Eight connections, each asking again as soon as it is answered."""
    folder = BENCH / "work"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "paths.txt").write_text("\n".join(paths) + "\n", encoding="utf-8")
    if not shutil.which("wrk"):
        return _own_loop(port, folder / "paths.txt", seconds, token)
    (folder / "load.lua").write_text(SCRIPT, encoding="utf-8")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-s", str(folder / "load.lua")]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], env={**os.environ, "BENCH_PATHS": str(folder / "paths.txt")},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return Load(**json.loads(done.stdout.splitlines()[-1]))


def _own_loop(port: int, paths: Path, seconds: float, token: str) -> Load:
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(paths), str(seconds), token]
    each = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(CONNECTIONS)]
    found = [json.loads(process.communicate()[0]) for process in each]
    took = sorted(one for part in found for one in part["took"])
    return Load(
        len(took) / seconds, percentile(took, 50), percentile(took, 99), sum(p["errors"] for p in found), len(took)
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of a hundred lie; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


def ask(connection: http.client.HTTPConnection, method: str, path: str, token: str, body: object = None) -> int:
    """One request and its whole answer; the status."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    sent = None
    if body is not None:
        sent, headers["Content-Type"] = json.dumps(body), "application/json"
    connection.request(method, path, body=sent, headers=headers)
    response = connection.getresponse()
    response.read()
    return response.status


class OpenLoop(threading.Thread):
    """Requests at a fixed rate until stopped: ``work(connection, n)`` returns a status; ``took`` in milliseconds."""

    def __init__(
        self, port: int, rate: float, work: Callable[[http.client.HTTPConnection, int], int], hands: int
    ) -> None:
        super().__init__(daemon=True)
        self.took: list[float] = []
        self.errors = 0
        self.stop = threading.Event()
        self._port, self._rate, self._work = port, rate, work
        self._next, self._lock = 0, threading.Lock()
        self._hands = [threading.Thread(target=self._serve, daemon=True) for _ in range(hands)]

    def run(self) -> None:
        """Start the hands and wait for them."""
        self._began = time.perf_counter()
        for hand in self._hands:
            hand.start()
        for hand in self._hands:
            hand.join()

    def _serve(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self.stop.is_set():
            with self._lock:
                mine, self._next = self._next, self._next + 1
            due = self._began + mine / self._rate
            if self.stop.wait(max(0.0, due - time.perf_counter())):
                return
            try:
                status = self._work(connection, mine)
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            self.took.append((time.perf_counter() - due) * 1000)
            self.errors += not 200 <= status < 300


def main(port: str, paths: str, seconds: str, token: str) -> None:
    """One own process: one connection, closed loop."""
    listed = Path(paths).read_text(encoding="utf-8").split()
    connection, took, errors, place = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60), [], 0, os.getpid()
    until = time.perf_counter() + float(seconds)
    while (began := time.perf_counter()) < until:
        place = (place * 1103515245 + 12345) % (1 << 31)
        errors += not 200 <= ask(connection, "GET", listed[place % len(listed)], token) < 300
        took.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"took": took, "errors": errors}))


if __name__ == "__main__":
    main(*sys.argv[1:])
