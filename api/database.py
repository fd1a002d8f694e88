"""One session per request: opened when first asked for, committed after a good answer, rolled back after any other.

The deployment hangs on the application. A request that only reads (GET, HEAD) opens a transaction that never takes SQLite's
write lock, so it never waits behind an import.
"""

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from credit.deployment import Deployment, open_session
from models.session import READ_ONLY

EXTENSION = "credit.deployment"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def register_database(app: Flask, deployment: Deployment) -> None:
    """Give the application its deployment and every request its transaction."""
    app.extensions[EXTENSION] = deployment
    app.after_request(finish)
    app.teardown_request(close)


def current_deployment() -> Deployment:
    """The deployment this application serves."""
    deployment: Deployment = current_app.extensions[EXTENSION]
    return deployment


def get_session() -> Session:
    """The session of this request."""
    session: Session | None = g.get("session")
    if session is None:
        session = g.session = open_session(current_deployment())
        if request.method in READING:
            session.connection(execution_options={READ_ONLY: True})
    return session


def open_reading_session() -> Session:
    """A session of its own that only reads; the caller closes it."""
    session = open_session(current_deployment())
    session.connection(execution_options={READ_ONLY: True})
    return session


def finish(response: Response) -> Response:
    """Commit what a good answer did; take back what a refused one did."""
    session: Session | None = g.get("session")
    if session is not None:
        if response.status_code < 400:
            session.commit()
        else:
            session.rollback()
    return response


def close(_error: BaseException | None) -> None:
    """Give the connection back, whatever happened."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
