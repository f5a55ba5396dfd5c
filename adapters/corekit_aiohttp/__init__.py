"""corekit in aiohttp.web, which is neither ASGI nor WSGI: https://docs.aiohttp.org/en/stable/web.html"""

from .middleware import install

__all__ = ["install"]
