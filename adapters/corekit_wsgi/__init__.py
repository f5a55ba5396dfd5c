"""corekit around any WSGI callable: https://peps.python.org/pep-3333/"""

from .middleware import CorsMiddleware

__all__ = ["CorsMiddleware"]
