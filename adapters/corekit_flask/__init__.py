"""corekit for Flask: https://flask.palletsprojects.com/en/stable/extensions/

`Cors` wraps a whole application in a policy, `cors` gives a view or a blueprint its own policy.
`corekit_flask.compat` has `CORS` and `cross_origin`, which take the options of flask-cors.
"""

from corekit.adapter import missing_extra

try:
    from .extension import Cors, cors
except ModuleNotFoundError as error:
    raise missing_extra(error, "flask", extra="flask") from None

__all__ = ["Cors", "cors"]
