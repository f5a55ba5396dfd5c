"""corekit for any WSGI application: https://peps.python.org/pep-3333/"""

from .middleware import CorsMiddleware

__all__ = ["CorsMiddleware"]
