"""corekit for Flask: https://flask.palletsprojects.com/en/stable/extensions/

`Cors` wraps a whole application in a policy, `cors` gives a view or a blueprint its own policy.
`CORS` and `cross_origin` take the options of flask-cors.
"""

from corekit.adapter import missing_extra

try:
    from .compat import CORS, cross_origin
    from .extension import Cors, cors
except ModuleNotFoundError as error:
    raise missing_extra(error, "flask", extra="flask") from None

__all__ = ["CORS", "Cors", "cors", "cross_origin"]
