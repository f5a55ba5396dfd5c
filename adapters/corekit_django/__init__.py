"""corekit for Django: app, middleware, settings, checks, decorators, signal, command.

The way in is two lines of settings: "corekit_django" in INSTALLED_APPS, and
"corekit_django.middleware.CorsMiddleware" first in MIDDLEWARE.
"""

from .decorators import cors, cors_exempt

__all__ = ["cors", "cors_exempt"]
