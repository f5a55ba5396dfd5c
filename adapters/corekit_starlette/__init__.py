"""corekit for Starlette and FastAPI: https://www.starlette.io/applications/

`install` wraps a whole application in a policy, `cors` gives a route its own policy.
`corekit_starlette.compat` has `CORSMiddleware`, which takes the keywords of Starlette's.
"""

from corekit.adapter import missing_extra

try:
    from .application import install
    from .routes import cors
except ModuleNotFoundError as error:
    raise missing_extra(error, "starlette", extra="starlette") from None

__all__ = ["cors", "install"]
