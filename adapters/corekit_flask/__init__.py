"""corekit in Flask: https://flask.palletsprojects.com/en/stable/extensions/

`Cors` puts a policy around a whole application, `cors` gives a view or a blueprint a policy of its
own. `CORS` and `cross_origin` take the options of flask-cors.
"""

from .compat import CORS, cross_origin
from .extension import Cors, cors

__all__ = ["CORS", "Cors", "cors", "cross_origin"]
