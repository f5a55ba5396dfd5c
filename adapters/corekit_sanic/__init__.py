"""corekit for Sanic's own server: https://sanic.dev/en/guide/running/running.html

`install` wraps an application in a policy, and `cors` gives a handler its own policy.
"""

from corekit.adapter import missing_extra

try:
    from .application import install
    from .handlers import cors
except ModuleNotFoundError as error:
    raise missing_extra(error, "sanic", extra="sanic") from None

__all__ = ["cors", "install"]
