"""`manage.py cors`: prints the effective policy, or explains what happens to one request."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any, Final, NoReturn

from django.core.exceptions import DisallowedHost
from django.core.management.base import BaseCommand, CommandError

from corekit import PolicyError
from corekit_django.conf import get_configuration, read_settings
from corekit_django.describing import describe, to_dict
from corekit_django.explaining import PageCall, Verdict, explain_call

_UNKNOWN: Final = 2
"""The exit status if there is no verdict."""


class Command(BaseCommand):
    """Prints the effective CORS policy, or explains what happens to the request of a page."""

    help = (
        "Print the effective CORS policy, or explain what happens to one request. The exit status"
        " is 0 if the page can read the response, 1 if it cannot or if the guard refuses the"
        " request, and 2 without a verdict."
    )
    # The command prints the problems itself, with their hints.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of the request to explain."""
        parser.add_argument("--origin", help="origin of the page, such as https://app.example.com")
        parser.add_argument("--method", help="method that the page calls; default: GET")
        parser.add_argument(
            "--header",
            action="append",
            default=[],
            metavar="NAME",
            help="header that the page sets; may be repeated",
        )
        parser.add_argument("--path", help="path that the page calls, such as /api/; default: /")
        parser.add_argument(
            "--host",
            help="host that the page calls, such as api.example.com or http://localhost:8000;"
            " default: the first one in ALLOWED_HOSTS",
        )
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")

    def handle(self, **options: Any) -> None:
        """Run the command; raise CommandError with every problem of the settings."""
        as_json: bool = options["json"]
        problems = read_settings()[1]
        if problems:
            found = [problem.to_dict() for problem in problems]
            self._fail(str(PolicyError(problems)), as_json, _UNKNOWN, diagnostics=found)
        configuration = get_configuration()
        origin, path = options["origin"], options["path"]
        if origin is None:
            if any(options[name] for name in ("method", "path", "header", "host")):
                self._fail("Pass --origin to explain a request.", as_json, _UNKNOWN)
            if as_json:
                self._print_json(to_dict(configuration))
            else:
                for line in describe(configuration):
                    self.stdout.write(line)
            return
        call = PageCall(
            origin,
            options["method"] or "GET",
            tuple(options["header"]),
            path or "/",
            options["host"] or "",
        )
        try:
            verdict = explain_call(configuration, call)
        except (ValueError, DisallowedHost) as error:
            self._fail(str(error), as_json, _UNKNOWN)
        if as_json:
            self._print_json(verdict.to_dict())
        else:
            self._print(verdict)
        if not verdict.succeeds:
            sys.exit(_UNKNOWN if verdict.succeeds is None else 1)

    def _print(self, verdict: Verdict) -> None:
        for note in verdict.notes:
            self.stdout.write(f"Note: {note}")
        if verdict.explanation is None:
            self.stdout.write(f"Policy: {verdict.source}. {verdict.summary}")
        else:
            self.stdout.write(f"Policy: {verdict.source}\n\n{verdict.explanation}")

    def _print_json(self, data: object) -> None:
        self.stdout.write(json.dumps(data, indent=2))

    def _fail(self, message: str, as_json: bool, status: int, **data: object) -> NoReturn:
        if as_json:
            self._print_json({"error": {"message": message, "hint": "", **data}})
        raise CommandError(message, returncode=status)
