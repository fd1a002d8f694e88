"""Settings of one deployment: copy to ``config.py`` beside this file. Every setting: docs/reference.md.

Keys are not here: they are files under ``keys/`` (mode 0600), made once by ``flask db upgrade``.
"""

DISTRICT_NAME = "示范区"
JURISDICTION = "shanghai"
# DATABASE_URL = "postgresql://…"  # SQLite beside this file where it is left out
# SECURE_COOKIES = True  # wherever TLS is in front
