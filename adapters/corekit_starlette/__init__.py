"""corekit in Starlette and FastAPI: https://www.starlette.io/applications/

`install` puts a policy around a whole application, `cors` gives a route a policy of its own, and
`CORSMiddleware` takes the keywords of Starlette's.
"""

from .application import install
from .compat import CORSMiddleware, starlette_policy
from .routes import cors

__all__ = ["CORSMiddleware", "cors", "install", "starlette_policy"]
