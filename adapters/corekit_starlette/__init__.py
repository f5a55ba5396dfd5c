"""corekit for Starlette and FastAPI: https://www.starlette.io/applications/

`install` wraps a whole application in a policy, `cors` gives a route its own policy, and
`CORSMiddleware` takes the keywords of Starlette's.
"""

from corekit.adapter import missing_extra

try:
    from .application import install
    from .compat import CORSMiddleware, starlette_policy
    from .routes import cors
except ModuleNotFoundError as error:
    raise missing_extra(error, "starlette", extra="starlette") from None

__all__ = ["CORSMiddleware", "cors", "install", "starlette_policy"]
