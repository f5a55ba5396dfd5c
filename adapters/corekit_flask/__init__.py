"""corekit in Flask: https://flask.palletsprojects.com/en/stable/extensions/

`Cors` puts a policy around a whole application, `cors` gives a view or a blueprint a policy of its
own. `CORS` and `cross_origin` take the options of flask-cors.
"""

from .extension import Cors, cors
from .peer import CORS, cross_origin

__all__ = ["CORS", "Cors", "cors", "cross_origin"]
