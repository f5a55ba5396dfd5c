"""Run `manage.py cors` in a test."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from django.core.management import call_command

APP = "https://app.example.com"
PARTNER = "https://partner.example"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("cors", *arguments, stdout=out)
    return out.getvalue()


def run_and_exit(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("cors", *arguments, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def run_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    status, printed = run_and_exit(*arguments, "--json")
    return status, json.loads(printed)
