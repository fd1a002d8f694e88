"""The application as servers and the ``flask`` command find it."""

from api import create_app

app = create_app()
