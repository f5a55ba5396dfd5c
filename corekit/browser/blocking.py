"""What a browser blocks because of the URL, before CORS: schemes, ports, mixed content."""

from __future__ import annotations

from typing import Final

from corekit._origins import is_loopback

from .checks import CheckFailure
from .local_network import LocalNetwork, is_known_local
from .quirks import Quirks
from .urls import HTTP_SCHEMES, Url

# fmt: off
BAD_PORTS: Final = frozenset({
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95,
    101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161,
    179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563,
    587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
})
# fmt: on
"""https://fetch.spec.whatwg.org/#port-blocking"""


def check_url(
    page: str, url: Url, quirks: Quirks, network: LocalNetwork | None, target: str | None
) -> CheckFailure | None:
    """Check whether a page may request `url` at all.

    `network` is None if Local Network Access is not checked; `target` is the option
    targetAddressSpace of ``fetch()``. Source: https://fetch.spec.whatwg.org/#main-fetch
    """
    if url.scheme not in HTTP_SCHEMES:
        return "CorsDisabledScheme", str(url)
    if url.port in BAD_PORTS:
        return "BadPort", str(url.port)
    if is_mixed_content(page, url, quirks, network, target):
        return "MixedContent", str(url)
    return None


def is_mixed_content(
    page: str, url: Url, quirks: Quirks, network: LocalNetwork | None, target: str | None
) -> bool:
    """Return whether `url` is an HTTP URL that an HTTPS page cannot request.

    Source: https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
    """
    if url.scheme != "http" or not page.startswith("https:"):
        return False
    if network is not None and is_known_local(url, target):
        return False
    return quirks.loopback_is_mixed_content or not is_loopback(url.host)
