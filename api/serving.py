"""``make run``: supervises the server, the simulated departments and the ticker, and ends them together.

Two workers of one blocking thread each: a request holds its worker for milliseconds, and more threads only fight for the
interpreter. The ticker keeps no work of its own: it drains what the tables hold.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import click

from api.commands.demo import what_to_try
from api.sample.build import neighbours
from api.settings import load_settings
from api.ticker import tick_until

WORKERS = 2


def server_command(host: str, port: int) -> list[str]:
    """How the server is started."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(WORKERS),
        "--blocking-threads", "1", "--backlog", "512", "--no-ws", "--log-level", "warning", "wsgi:app",
    ]  # fmt: skip


def main() -> int:
    """Serve until interrupted; the server's exit status."""
    settings = load_settings()
    instance = settings.credit_instance
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    root = Path(__file__).resolve().parent.parent
    with contextlib.ExitStack() as stack:
        if (instance / "sample").is_dir():
            stack.enter_context(neighbours(instance))
        server = subprocess.Popen(server_command(settings.host, settings.port), cwd=root, env=os.environ.copy())  # noqa: S603
        ticker = threading.Thread(target=tick_until, args=(stop,), daemon=True)
        ticker.start()
        click.echo(what_to_try(instance, f"http://{settings.host}:{settings.port}"))
        click.echo("\n  Ctrl+C 结束", nl=True)
        with contextlib.suppress(KeyboardInterrupt):
            while server.poll() is None and not stop.is_set():
                stop.wait(0.5)
        stop.set()
        server.terminate()
        status = server.wait(timeout=20)
    return 0 if status in (0, -signal.SIGTERM) else status


if __name__ == "__main__":
    sys.exit(main())
