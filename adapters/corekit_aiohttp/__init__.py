"""corekit for aiohttp.web, which is neither ASGI nor WSGI: https://docs.aiohttp.org/en/stable/web.html"""

from corekit.adapter import missing_extra

try:
    from .handlers import cors
    from .middleware import install
except ModuleNotFoundError as error:
    raise missing_extra(error, "aiohttp", extra="aiohttp") from None

__all__ = ["cors", "install"]
