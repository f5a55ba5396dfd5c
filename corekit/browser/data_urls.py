"""Reading ``data:`` URLs, which a page can fetch without a server.

The rules are those of https://fetch.spec.whatwg.org/#data-url-processor and, for the media type,
https://mimesniff.spec.whatwg.org/#parsing-a-mime-type. A parsed URL is ASCII without tabs and line
breaks, so the only whitespace is the space.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from typing import Final
from urllib.parse import unquote_to_bytes

from corekit._names import is_token

from .urls import Url

DATA_SCHEME: Final = "data"

_DEFAULT_TYPE: Final = "text/plain;charset=US-ASCII"
_is_base64_type = re.compile(r"(.*); *base64", re.IGNORECASE).fullmatch
_is_base64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?").fullmatch
_parameters = re.compile(
    r'; *([^;=]*)(?:=(?:"((?:[^"\\]|\\.)*+)(?:"|(\\?)\Z)[^;]*|([^;]*)))?'
).finditer


def read_data_url(url: Url) -> tuple[str, bytes]:
    """Return the media type and the body of a ``data:`` URL. Raises ValueError if it is malformed.

    >>> from corekit.browser.urls import parse_url
    >>> read_data_url(parse_url("data:text/html;charset=utf-8,a%20b"))
    ('text/html;charset=utf-8', b'a b')
    >>> read_data_url(parse_url("data:image/png;base64,aGk"))
    ('image/png', b'hi')
    """
    media_type, comma, encoded = url.target.partition(",")
    if not comma:
        raise ValueError(f"not a data: URL, without a comma: {str(url)!a}")
    media_type, body = media_type.strip(), unquote_to_bytes(encoded)
    if match := _is_base64_type(media_type):
        media_type, body = match[1], _decode_base64(body)
    if media_type.startswith(";"):
        media_type = f"text/plain{media_type}"
    return _serialize(media_type) or _DEFAULT_TYPE, body


def _decode_base64(encoded: bytes) -> bytes:
    # https://infra.spec.whatwg.org/#forgiving-base64-decode
    data = encoded.translate(None, b"\t\n\f\r ")
    if len(data) % 4 == 0:
        data = data.removesuffix(b"=").removesuffix(b"=")
    if not _is_base64(data):
        raise ValueError("not a data: URL: its Base64 is invalid")
    return a2b_base64(data + b"==")  # ignored where it is more than the data need


def _serialize(media_type: str) -> str:
    """Parse and serialize a media type; return an empty string if it is invalid."""
    essence, semicolon, rest = media_type.partition(";")
    kind, _, subtype = essence.strip().partition("/")
    if not (is_token(kind) and is_token(subtype)):
        return ""
    parameters: dict[str, str] = {}
    for match in _parameters(semicolon + rest):
        name, quoted, backslash, bare = match.groups()
        value = (bare or "").rstrip()
        if quoted is not None:
            value = re.sub(r"\\(.)", r"\1", quoted) + (backslash or "")
        if is_token(name) and (value or quoted is not None):
            parameters.setdefault(name.lower(), value)
    written = [f";{name}={_quote(value)}" for name, value in parameters.items()]
    return f"{kind}/{subtype}".lower() + "".join(written)


def _quote(value: str) -> str:
    if is_token(value):
        return value
    escaped = re.sub(r'(["\\])', r"\\\1", value)
    return f'"{escaped}"'
