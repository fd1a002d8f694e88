"""The way to the city platform as one deployment has it: files or a service, its secrets, where files lie. [pure]

``connections.yaml`` of the instance says it; nothing there, no exchange. Persons' numbers travel only as ciphertext under the
shared transport key (传输密钥, AES-256-GCM); without the key their records wait.
"""

import base64
import binascii
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from credit.collection.carriers.connections import Connections, load_connections
from credit.errors import DescriptionInvalid
from credit.keyring import SealBox, SealBroken

NEIGHBOUR: Final = "city"
SOURCE_PREFIX: Final = "city-"
NUMBER_CONTEXT: Final = b"city-transport-number"
SEALED_PREFIX: Final = "sealed:"
BASE: Final = "http://127.0.0.1:8472"


@dataclass(frozen=True, slots=True)
class CityLink:
    """How the city is reached: ``way`` is service or file; ``url`` is allow-listed; ``folder`` holds ``out`` and ``in``."""

    way: str
    url: str
    folder: Path
    connections: Connections = field(repr=False)
    token: str = field(default="", repr=False)
    box: SealBox | None = field(default=None, repr=False)

    def seal_number(self, number: str) -> str | None:
        """A person's number as it travels; None without a transport key."""
        if self.box is None:
            return None
        return SEALED_PREFIX + base64.b64encode(self.box.seal(number.encode(), NUMBER_CONTEXT)).decode()

    def open_number(self, text: str) -> str | None:
        """The number in a sealed text; None where it does not open (it is then treated as missing, never shown)."""
        if self.box is None or not text.startswith(SEALED_PREFIX):
            return None
        try:
            sealed = base64.b64decode(text.removeprefix(SEALED_PREFIX), validate=True)
            return self.box.open(sealed, NUMBER_CONTEXT).decode()
        except (SealBroken, binascii.Error, UnicodeDecodeError):
            return None


def load_link(instance: Path) -> CityLink | None:
    """The link of an instance; None where none is configured. Raises DescriptionInvalid for a faulty one."""
    path = instance / "connections.yaml"
    if not path.exists():
        return None
    settings = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("city")
    if settings is None:
        return None
    connections = load_connections(path)
    way = str(settings.get("way", ""))
    if way not in ("service", "file"):
        raise DescriptionInvalid("connections.yaml 中 city 的 way 应为 service 或 file")
    transport = settings.get("transport")
    return CityLink(
        way=way,
        url=connections.address(BASE) if way == "service" else "",
        folder=instance / "city",
        connections=connections,
        token=connections.credential(str(settings.get("credential", "city"))) if way == "service" else "",
        box=None if transport is None else SealBox(_key(connections.credential(str(transport)))),
    )


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32 or len(set(key)) < 10:
        raise DescriptionInvalid("市平台传输密钥应为 32 个随机字节（十六进制）")
    return key
