"""Certificates for the tests that serve HTTPS, made by `trustme`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """A certificate, its key, and the authority that signed it, as PEM files."""

    authority: Path
    path: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context


def make_certificate(folder: Path, *hosts: str) -> Certificate:
    """Create an authority and a certificate for `hosts` in `folder`."""
    authority = trustme.CA(organization_name="corekit tests")
    issued = authority.issue_cert(*hosts)
    made = Certificate(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(str(made.authority))
    issued.cert_chain_pems[0].write_to_path(str(made.path))
    issued.private_key_pem.write_to_path(str(made.key))
    return made
