"""One worker of datasette on a port that several share; runs in the peers' environment, imports nothing of ours.

Uvicorn's own ``--workers`` hands its children a socket without TCP_NODELAY and every answer then waits 40 ms; here each worker
listens by itself (SO_REUSEPORT), which is datasette's better path.
"""

import os
import socket
import sys

import uvicorn
from datasette.app import Datasette


def main(port: str) -> None:
    """Serve an immutable file until ended."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", int(port)))
    app = Datasette([], immutables=[os.environ["BENCH_BASE"]]).app()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    server.run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1])
