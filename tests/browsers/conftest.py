"""What tests of several files need: a page over https, open in each of the engines."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from tests.browsers.https import OPENERS, make_certificate
from tests.browsers.lab import Lab, open_lab


@pytest.fixture(scope="module", params=OPENERS)
def https_visit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Lab]]:
    """Open the laboratory's page over https; gives the engine's name too."""
    certificate = make_certificate(tmp_path_factory.mktemp("certificate"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path, certificate.key)
    home = tmp_path_factory.mktemp("home")
    with (
        open_lab(context) as lab,
        OPENERS[request.param](f"{lab.page}/", certificate.authority, home),
    ):
        yield request.param, lab
