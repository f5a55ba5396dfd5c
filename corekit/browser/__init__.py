"""What a browser does with CORS: the client side of the Fetch standard, as a pure model.

It judges what a server says by the same rules as a browser and knows neither policies nor engines,
so it can judge them. It opens nothing and reads no clock: a transport (any callable from
`HttpRequest` to `HttpResponse`, plain or async) and a clock are given to it. One subject a file:

- `messages`: what goes over the wire, what a page asks for, what it gets;
- `urls`: as much of URLs as a fetch needs;
- `fields`: safelisted request headers, values of response headers;
- `failures`: the names, sentences and fixes of all that can fail;
- `quirks`: where browsers depart from the standard, by engine;
- `checks`: the CORS check, the preflight's checks, the readable headers;
- `cache`: the preflight cache;
- `running`: a fetch under way: what the page asked for, checked and normalized;
- `model`: the fetch itself, from the page's call to the page's answer.

Not modeled: navigation, frames, service workers, HTTP caching, private-network access (no browser
sends its preflights any more), and who may keep a cookie, which is the transport's part.
"""

from .cache import PreflightCache
from .failures import FAILURES, Failure
from .messages import Exchange, Fetch, HttpRequest, HttpResponse, Outcome, PageResponse
from .model import BrowserModel
from .quirks import CHROMIUM, ENGINES, FIREFOX, STANDARD, WEBKIT, Quirks

__all__ = [
    "CHROMIUM",
    "ENGINES",
    "FAILURES",
    "FIREFOX",
    "STANDARD",
    "WEBKIT",
    "BrowserModel",
    "Exchange",
    "Failure",
    "Fetch",
    "HttpRequest",
    "HttpResponse",
    "Outcome",
    "PageResponse",
    "PreflightCache",
    "Quirks",
]
