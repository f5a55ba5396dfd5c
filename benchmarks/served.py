"""The application that a server of `servers` runs: environment variables name it.

``SERVED_FRAMEWORK`` is the end of the name of a module ``framework_``, and ``SERVED_CONTENDER`` the
CORS layer.
"""

from __future__ import annotations

import os
from importlib import import_module

_framework = import_module(f"benchmarks.framework_{os.environ['SERVED_FRAMEWORK']}")

app = _framework.served_apps()[os.environ["SERVED_CONTENDER"]]
