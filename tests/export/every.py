"""Every proxy that runs in the tests. Not a test."""

from __future__ import annotations

from typing import Final

from tests.export.caddy import CADDY
from tests.export.envoy import ENVOY
from tests.export.haproxy import HAPROXY
from tests.export.nginx import NGINX
from tests.export.proxies import Proxy

PROXIES: Final[tuple[Proxy, ...]] = (NGINX, HAPROXY, CADDY, ENVOY)
