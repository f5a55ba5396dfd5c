"""corekit around any ASGI 3 callable: https://asgi.readthedocs.io/en/latest/specs/www.html"""

from .middleware import CorsMiddleware

__all__ = ["CorsMiddleware"]
