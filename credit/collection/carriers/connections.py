"""Where services and exchange databases really are, and with which secrets: one deployment's own, never in a description.

A description names a credential or database; the instance's ``connections.yaml`` says what that is. Only hosts on the
allow-list are ever called. [pure]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from credit.errors import DescriptionInvalid


@dataclass(frozen=True, slots=True)
class Connections:
    """``hosts``: allowed ``host:port``; ``credentials`` and ``databases`` by name; ``bases``: address prefixes put elsewhere."""

    hosts: frozenset[str] = frozenset()
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    databases: Mapping[str, str] = field(default_factory=dict, repr=False)
    bases: Mapping[str, str] = field(default_factory=dict)

    def address(self, url: str) -> str:
        """The address to call: on the allow-list, http or https, without credentials in it. DescriptionInvalid otherwise."""
        for base, put in self.bases.items():
            if url.startswith(base):
                url = put + url[len(base) :]
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise DescriptionInvalid("数据源地址有误") from None
        if parts.scheme not in ("http", "https") or parts.username is not None or parts.password is not None:
            raise DescriptionInvalid("数据源地址只能是不含用户信息的 http 或 https 地址")
        if f"{parts.hostname}:{port}" not in self.hosts:
            raise DescriptionInvalid("数据源主机不在允许名单内")
        return url

    def credential(self, name: str) -> str:
        """The secret of this name; DescriptionInvalid where the instance has none."""
        if name not in self.credentials:
            raise DescriptionInvalid(f"没有名为 {name} 的凭据，请在 connections.yaml 中配置")
        return self.credentials[name]

    def database(self, name: str) -> str:
        """The database URL of this name; DescriptionInvalid where the instance has none."""
        if name not in self.databases:
            raise DescriptionInvalid(f"没有名为 {name} 的前置库，请在 connections.yaml 中配置")
        return self.databases[name]


def load_connections(path: Path) -> Connections:
    """The connections of an instance; none where the file is absent."""
    if not path.exists():
        return Connections()
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return Connections(
        frozenset(content.get("hosts") or ()),
        content.get("credentials") or {},
        content.get("databases") or {},
        content.get("bases") or {},
    )
