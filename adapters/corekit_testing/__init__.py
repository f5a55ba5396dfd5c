"""A browser to test your own application with: CORS as the page would meet it, without a browser.

`Browser` makes the fetches of a page against an ASGI or WSGI application, or a server at a URL, by
the rules of `corekit.browser`, and keeps cookies as browsers do. It knows no policy: it judges what
the application answers, whichever CORS layer it has. A pytest plugin gives it as a fixture, and
``python -m corekit_testing`` runs the fetches of a policy against a server.
"""

from .browser import Browser
from .cookies import Cookie, CookieJar
from .outcome import CorsError, FetchError, Response

__all__ = ["Browser", "Cookie", "CookieJar", "CorsError", "FetchError", "Response"]
