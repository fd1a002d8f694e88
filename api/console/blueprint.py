"""The one blueprint of the console; its modules put their pages on it."""

from api.pages.frame import page_blueprint

blueprint = page_blueprint("console", __name__, "/console")
