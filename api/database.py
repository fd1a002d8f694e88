"""One session per request: opened when first asked for, committed after a good answer, rolled back after any other.

The deployment hangs on the application. A request that only reads (GET, HEAD) opens a transaction that never takes SQLite's
write lock, so it never waits behind an import. Where the commit fails after an enquiry was logged, a second entry says so.
"""

from contextlib import suppress

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.clock import moment
from api.problems import answer_unexpected
from credit.deployment import Deployment, open_session
from credit.enquirer import PUBLIC
from credit.enquiries import logged
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
    """Commit what a good answer did; take back what a refused one did. An answer whose commit fails does not leave."""
    session: Session | None = g.get("session")
    if session is None:
        return response
    if response.status_code >= 400:
        session.rollback()
        return response
    try:
        session.commit()
    except SQLAlchemyError as error:
        session.rollback()
        with suppress(SQLAlchemyError), logged(session, g.get("enquirer") or PUBLIC, "commit", now=moment()):
            raise
        return answer_unexpected(error)
    return response


def close(_error: BaseException | None) -> None:
    """Give the connection back, whatever happened."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
