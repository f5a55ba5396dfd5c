"""A model of a browser for tests: what a page gets from your application, with any CORS layer.

`Browser` makes the fetches of a page to an ASGI or WSGI application, or to a server at a URL, by
the rules of `corekit.browser`, and keeps cookies as browsers do. A pytest plugin provides it as a
fixture.
"""

from .browser import Browser
from .cookies import Cookie, CookieJar
from .network import LimitError
from .outcome import CorsError, FetchError, Response

__all__ = ["Browser", "Cookie", "CookieJar", "CorsError", "FetchError", "LimitError", "Response"]
