"""Every setting with its default and its meaning; the only place that reads the environment.

A value comes, weakest first, from its default, from ``instance/config.py`` (upper-case names), from the environment, from the
overrides a test or command gives. Keys are files under ``instance/keys`` (mode 0600) that ``flask db secrets`` makes once; there
is no default key, and the start refuses one that is missing, short, repetitive or readable by others.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from credit.keyring import load_keyring

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = ROOT / "instance"
KEY_BYTES = 32
KEY_FILES = {"token_key": "token.key", "session_key": "session.key"}
TOKEN_MINUTES_AT_MOST = 15
ENQUIRY_SCHEMA = "enquiries"


class SettingsRefused(Exception):
    """A setting that the platform does not start with, and what to do about it."""


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one deployment (部署). ``list_settings`` gives name, default and meaning of each."""

    credit_instance: Path = _setting(INSTANCE, "Folder of this deployment: databases, keys, fitted models.")  # noqa: RUF009
    database_url: str = _setting("", "Business database; empty: credit.sqlite in the instance folder.")
    enquiry_database_url: str = _setting(
        "",
        "Database of the enquiry log (查询日志); empty: enquiries.sqlite beside the other, or its own schema on PostgreSQL.",
    )
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.")
    district_name: str = _setting("示范区", "Name of the district (区) as printed on pages and reports.")
    jurisdiction: str = _setting("shanghai", "Rule pack of terms, consent rules and calendars that applies here.")
    public_url: str = _setting(
        "",
        "Address under which others reach the platform, printed on reports; empty: host and port. Never the request's.",
    )
    token_key: str = _setting("", "Key that signs access tokens, at least 32 bytes; empty: keys/token.key.")
    session_key: str = _setting(
        "", "Key that signs the cookies of the pages, at least 32 bytes; empty: keys/session.key."
    )
    token_issuer: str = _setting("credit-platform", "Issuer (iss) written into tokens and required of them.")
    token_audience: str = _setting("credit-platform-api", "Audience (aud) written into tokens and required of them.")
    token_minutes: int = _setting(15, "Life of an access token in minutes, 15 at most.")
    session_minutes: int = _setting(30, "Minutes without use after which a signed-in page session ends.")
    secure_cookies: bool = _setting(False, "Send cookies over TLS only; switch on wherever TLS is in front.")
    failures_allowed: int = _setting(5, "Failed sign-ins of one account from one address before it is locked.")
    lock_minutes: int = _setting(15, "Minutes over which failures count and for which the lock holds.")
    body_bytes: int = _setting(2 * 1024 * 1024, "Largest request body in bytes; pages that take files set their own.")

    def __post_init__(self) -> None:
        object.__setattr__(self, "credit_instance", Path(self.credit_instance).resolve())
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.credit_instance / 'credit.sqlite'}")
        object.__setattr__(self, "database_url", _with_driver(self.database_url))
        if not self.enquiry_database_url:
            object.__setattr__(self, "enquiry_database_url", self._own_log_url())
        object.__setattr__(self, "enquiry_database_url", _with_driver(self.enquiry_database_url))
        if not 1 <= self.token_minutes <= TOKEN_MINUTES_AT_MOST:
            raise SettingsRefused(f"TOKEN_MINUTES must lie between 1 and {TOKEN_MINUTES_AT_MOST}")

    def _own_log_url(self) -> str:
        if self.database_url.startswith("sqlite"):
            return f"sqlite:///{self.credit_instance / 'enquiries.sqlite'}"
        parts = urlsplit(self.database_url)
        query = [*parse_qsl(parts.query), ("options", f"-csearch_path={ENQUIRY_SCHEMA}")]
        return urlunsplit(parts._replace(query=urlencode(query)))

    @property
    def keys_folder(self) -> Path:
        """Where this deployment keeps its keys."""
        return self.credit_instance / "keys"

    @property
    def limits_path(self) -> Path:
        """The small database of lockouts and revocations, never behind an import's lock."""
        return self.credit_instance / "limits.sqlite"


def load_settings(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force; an unknown name in ``config.py`` or in the overrides is refused, not ignored."""
    environ = os.environ if environ is None else environ
    names = {each.name for each in fields(Settings)}
    given = {name.lower(): value for name, value in (overrides or {}).items()}
    from_environ = {name: environ[name.upper()] for name in names if environ.get(name.upper())}
    instance = Path(given.get("credit_instance") or from_environ.get("credit_instance") or ROOT / "instance")
    values = {**_from_config_file(instance / "config.py"), **from_environ, **given, "credit_instance": instance}
    unknown = sorted(set(values) - names)
    if unknown:
        raise SettingsRefused(f"unknown setting: {', '.join(name.upper() for name in unknown)}")
    return Settings(**{name: _converted(name, value) for name, value in values.items()})


def public_address(settings: Settings) -> str:
    """The address others know; never taken from a request, whose Host header anybody may write."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def list_settings() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting, for the README and ``flask db settings``."""
    return [(each.name.upper(), str(each.default), each.metadata["meaning"]) for each in fields(Settings)]


def make_secrets(settings: Settings) -> list[Path]:
    """Make the keys that are missing, each 32 random bytes in a file of mode 0600; existing ones are left alone."""
    settings.credit_instance.mkdir(parents=True, exist_ok=True)
    before = set(settings.keys_folder.glob("*.key"))
    load_keyring(settings.keys_folder, create=True)
    settings.keys_folder.chmod(0o700)
    made = sorted(set(settings.keys_folder.glob("*.key")) - before)
    for name in KEY_FILES.values():
        path = settings.keys_folder / name
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
        made.append(path)
    return made


def lacks_keys(settings: Settings) -> bool:
    """Whether this instance was never given keys."""
    return not any(settings.keys_folder.glob("*.key"))


def read_key(settings: Settings, name: str) -> str:
    """The key ``token_key`` or ``session_key``; a missing or weak one stops the start."""
    key = getattr(settings, name) or _key_from_file(settings.keys_folder / KEY_FILES[name])
    if len(key.encode()) < KEY_BYTES:
        raise SettingsRefused(f"{name.upper()} is shorter than {KEY_BYTES} bytes")
    if len(set(key)) < 10:
        raise SettingsRefused(f"{name.upper()} repeats itself; it must be random")
    return str(key)


def _key_from_file(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsRefused(f"{path} can be read by others; set its mode to 0600")
        return path.read_text().strip()
    except FileNotFoundError:
        raise SettingsRefused(f"{path} is missing; make it with: flask db secrets") from None


def _from_config_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found: dict[str, Any] = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), found)  # noqa: S102  the operator's own file, as Flask does
    return {name.lower(): value for name, value in found.items() if name.isupper()}


def _converted(name: str, value: Any) -> Any:
    wanted = {each.name: each.type for each in fields(Settings)}[name]
    if not isinstance(value, str):
        return value
    try:
        if wanted is int:
            return int(value)
        if wanted is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]
    except (ValueError, KeyError):
        raise SettingsRefused(f"{name.upper()} has a value that cannot be read") from None
    return value


def _with_driver(url: str) -> str:
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
