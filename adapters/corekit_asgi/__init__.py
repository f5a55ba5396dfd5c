"""corekit for any ASGI 3 application: https://asgi.readthedocs.io/en/latest/specs/www.html"""

from .middleware import CorsMiddleware

__all__ = ["CorsMiddleware"]
