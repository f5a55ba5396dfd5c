"""corekit for any ASGI 3 application: https://asgi.readthedocs.io/en/latest/specs/www.html

`CorsMiddleware` wraps an application in a policy, and `GuardMiddleware` in a guard alone. `observe`
reports what a policy would change for an application with another CORS layer. For Quart and
Litestar, `install` keeps the application's class, and `cors` gives a handler its own policy.
"""

from .application import install
from .guard import GuardMiddleware
from .handlers import cors
from .middleware import CorsMiddleware
from .observing import observe

__all__ = ["CorsMiddleware", "GuardMiddleware", "cors", "install", "observe"]
