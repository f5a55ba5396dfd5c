"""corekit for any WSGI application: https://peps.python.org/pep-3333/"""

from .guard import GuardMiddleware
from .middleware import CorsMiddleware
from .observing import observe

__all__ = ["CorsMiddleware", "GuardMiddleware", "observe"]
