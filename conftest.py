"""Select the Django settings of the test project, for tests and doctests.

Django is loaded only by the tests that use it.
"""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.django.settings"
