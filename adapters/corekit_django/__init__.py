"""corekit for Django: app, middleware, settings, checks, decorators, signal, command.

It takes two lines of settings: "corekit_django" in INSTALLED_APPS, and
"corekit_django.middleware.CorsMiddleware" first in MIDDLEWARE.
"""

from corekit.adapter import missing_extra

try:
    import django  # noqa: F401 - for the error if it is not installed

    from .conf import get_guard, get_policy
    from .decorators import cors, cors_exempt
    from .signal_lookup import SignalLookup
except ModuleNotFoundError as error:
    raise missing_extra(error, "django", extra="django") from None

__all__ = ["SignalLookup", "cors", "cors_exempt", "get_guard", "get_policy"]
