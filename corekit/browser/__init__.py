"""A model of a browser's side of CORS: the client side of the Fetch standard, as pure functions.

The model checks responses by the same rules as a browser. It knows neither policies nor engines, so
it can check them. It opens no connection and reads no clock: the caller passes a transport (any
callable from `HttpRequest` to `HttpResponse`, plain or async) and a clock. Each module has one
subject:

- `messages`: requests, responses, what a page fetches and what it gets;
- `urls`: the parts of the URL standard that a fetch needs;
- `data_urls`: what a ``data:`` URL contains;
- `sites`: which hosts share cookies, and which connections are trustworthy;
- `fields`: safelisted request headers, values of response headers;
- `failure_kinds`: what can be said about every failure of one name;
- `failures`: names, messages and hints of everything that can fail;
- `local_network`: which requests to local servers a page may send;
- `blocking`: what a browser blocks because of the URL, before CORS;
- `quirks`: where browsers deviate from the standard, by engine;
- `checks`: the CORS check, the checks on preflight responses, the readable headers;
- `cache`: the preflight cache;
- `running`: a fetch in progress;
- `model`: the fetch itself, from the page's request to the page's response.

Not modeled: navigation, frames, service workers, HTTP caching, and which cookies are kept, which is
up to the transport. docs/browsers.md lists what differs from the standard.
"""

from corekit._names import FORBIDDEN_METHODS, SAFELISTED_METHODS, is_token

from .cache import PreflightCache
from .failures import FAILURES, Failure
from .local_network import LocalNetwork
from .messages import Exchange, Fetch, HttpRequest, HttpResponse, Outcome, PageResponse
from .model import BrowserModel
from .quirks import CHROMIUM, ENGINES, FIREFOX, STANDARD, WEBKIT, Quirks
from .running import check_fetch

__all__ = [
    "CHROMIUM",
    "ENGINES",
    "FAILURES",
    "FIREFOX",
    "FORBIDDEN_METHODS",
    "SAFELISTED_METHODS",
    "STANDARD",
    "WEBKIT",
    "BrowserModel",
    "Exchange",
    "Failure",
    "Fetch",
    "HttpRequest",
    "HttpResponse",
    "LocalNetwork",
    "Outcome",
    "PageResponse",
    "PreflightCache",
    "Quirks",
    "check_fetch",
    "is_token",
]
