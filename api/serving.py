"""``make run``: supervises the server, the simulated departments and the ticker, and ends them together.

Two workers of one blocking thread each: a request holds its worker for milliseconds, and more threads only fight for the
interpreter. The ticker keeps no work of its own: it drains what the tables hold.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import click

from api.commands.demo import what_to_try
from api.sample.build import neighbours, stamp_of
from api.settings import Settings, load_settings
from api.ticker import tick_until
from models.migrate import Which, state_of
from models.session import make_engine

WORKERS = 2
ROOT = Path(__file__).resolve().parent.parent


def server_command(host: str, port: int) -> list[str]:
    """How the server is started."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(WORKERS),
        "--blocking-threads", "1", "--backlog", "512", "--no-ws", "--log-level", "warning", "wsgi:app",
    ]  # fmt: skip


def prepare(settings: Settings, data: Path | None) -> int:
    """Migrate and build what is not there yet, each as its command; nothing where an earlier start did it all."""
    instance = settings.credit_instance
    data = None if data is None else data.resolve()
    if stamp_of(instance, data) is not None and is_current(settings):
        return 0
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    for words in (["db", "upgrade"], ["demo", "build", *(["--data", str(data)] if data else [])]):
        done = subprocess.run([*flask, *words], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        if done.returncode != 0:
            return done.returncode
    return 0


def is_current(settings: Settings) -> bool:
    """Whether both databases are at the newest version."""
    urls = {Which.business: settings.database_url, Which.enquiries: settings.enquiry_database_url}
    states = []
    for which, url in urls.items():
        engine = make_engine(url)
        states.append(state_of(engine, which))
        engine.dispose()
    return states == ["ok", "ok"]


def main(arguments: list[str] | None = None) -> int:
    """Prepare, then serve until interrupted; the server's exit status."""
    parser = argparse.ArgumentParser(description="Serves the demonstration and what belongs to it on this machine.")
    parser.add_argument("--data", type=Path, help="Folder of real files, where the demonstration is built from them.")
    data: Path | None = parser.parse_args(arguments).data
    settings = load_settings()
    if status := prepare(settings, data):
        return status
    return serve(settings)


def serve(settings: Settings) -> int:
    """The server, the simulated neighbours and the ticker, until interrupted."""
    instance = settings.credit_instance
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        if (instance / "sample").is_dir():
            stack.enter_context(neighbours(instance))
        server = subprocess.Popen(server_command(settings.host, settings.port), cwd=ROOT, env=os.environ.copy())  # noqa: S603
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
