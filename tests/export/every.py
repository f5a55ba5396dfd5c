"""Every proxy that runs in the tests. Not a test."""

from __future__ import annotations

from typing import Final

from corekit.export import Level
from tests.export.caddy import CADDY
from tests.export.envoy import ENVOY
from tests.export.haproxy import HAPROXY
from tests.export.nginx import NGINX
from tests.export.proxies import Proxy
from tests.export.traefik import TRAEFIK

PROXIES: Final[tuple[Proxy, ...]] = (NGINX, HAPROXY, CADDY, ENVOY, TRAEFIK)

EXACT: Final = tuple(each for each in PROXIES if each.target.level is Level.EXACT)
BROWSER_EQUAL: Final = tuple(each for each in PROXIES if each not in EXACT)
