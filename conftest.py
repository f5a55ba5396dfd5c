"""What doctests of corekit_django and its tests run under: the settings of the test project.

It names them only; Django is loaded by those who use it.
"""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.django.settings"
