"""The example's settings, with the CORS settings of a migrated project."""

from __future__ import annotations

from shop import settings as example

globals().update({name: value for name, value in vars(example).items() if name.isupper()})
del globals()["CORS_ALLOW_METHODS"]

CORS_ALLOWED_ORIGINS = ["https://app.example.com", "http://localhost:3000"]
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOWED_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = ["authorization", "content-type", "x-csrftoken"]
