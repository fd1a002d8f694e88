"""The ticker: every few seconds it drains what lies in tables: changed subjects, access statistics, the city's outbox, due
sources, editions whose first day has come. Each drain is a command too, and two tickers never take the same work. The city and
the sources have threads of their own: they may be slow to answer."""

import threading
import time
from datetime import date

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.clock import district_day, moment
from api.commands.city import drain
from api.commands.due import drain_due
from api.commands.inbox import drain_inbox
from api.composition import build_deployment
from api.settings import load_settings
from credit.deployment import Deployment, open_session
from credit.edition_procedure import activate_due
from credit.errors import CreditError
from scoring.evaluate import get_model, register_shipped, standard_of
from scoring.refresh import drain_changes, refresh_stale

SECONDS = 5.0
CITY_SECONDS = 15.0
SOURCES_SECONDS = 60.0
MODEL = "comprehensive"
MOST = 200
log = structlog.get_logger()


def tick(deployment: Deployment) -> int:
    """Drain once; how many subjects were evaluated anew."""
    with open_session(deployment) as session:
        today, now = district_day(), moment()
        activate_due(session, now=now, today=today)
        register_shipped(session, now=now)
        standard = standard_of(get_model(session, MODEL, today=today))
        evaluated = drain_changes(session, standard, limit=MOST, today=today, now=now)
        evaluated += refresh_stale(session, standard, limit=MOST, today=today, now=now)
        session.commit()
    deployment.enquiry_log.flush_counts()
    return evaluated


def tick_until(stop: threading.Event) -> None:
    """Tick until told to stop; a failing tick is told and tried again."""
    deployment = build_deployment(load_settings())
    for task in (exchange_until, pull_until):
        threading.Thread(target=task, args=(deployment, stop), daemon=True).start()
    while not stop.wait(SECONDS):
        started = time.perf_counter()
        try:
            tick(deployment)
        except (SQLAlchemyError, CreditError) as error:
            log.warning("tick failed", error=type(error).__name__, seconds=round(time.perf_counter() - started, 2))


def exchange_until(deployment: Deployment, stop: threading.Event) -> None:
    """Exchange with the city platform until told to stop, reconcile once a day; nothing where none is configured."""
    compared: date | None = None
    while not stop.wait(CITY_SECONDS):
        today = district_day()
        try:
            with open_session(deployment) as session:
                for stopped in drain(session, deployment.instance, reconciled=compared == today):
                    session.commit()
                    if stopped:
                        log.info("exchange with the city", stopped=stopped)
            compared = today
        except (SQLAlchemyError, CreditError) as error:
            log.warning("exchange with the city failed", error=type(error).__name__)


def pull_until(deployment: Deployment, stop: threading.Event) -> None:
    """Pull the sources whose turn has come and take the file drop until told to stop; what fails is told and waits."""
    while not stop.wait(SOURCES_SECONDS):
        try:
            for source, report in drain_due(deployment):
                if isinstance(report, str):
                    log.warning("pull failed", source=source, fault=report)
                if stop.is_set():
                    break
            for taken in drain_inbox(deployment):
                log.info("file drop", deliveries=len(taken.reports), fault=taken.fault)
        except (SQLAlchemyError, CreditError, OSError) as error:
            log.warning("pulling failed", error=type(error).__name__)
