"""``python -m corekit_testing URL``: hold a server to a policy, and print what differs.

Reads the command line and the policy file, and prints; the fetches are `conformance`'s.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corekit import CorsPolicy
from corekit._origins import ANY, is_serialized_origin
from corekit.browser import ENGINES
from corekit_config import load_policy

from .conformance import Result, make_cases, run_cases
from .transports import UrlTransport

__all__ = ["main"]

_DESCRIPTION = """\
Make the fetches of pages against a server, as a browser would, and say where it does not do what a
policy says. GET, HEAD and preflights are sent; of any other request only the preflight is.
"""
_EPILOG = """\
The policy file has the arguments of CorsPolicy, as TOML or JSON:

  allow_origins = ["https://app.example.com"]
  allow_credentials = true
  allow_methods = ["PUT"]

examples:
  python -m corekit_testing https://api.example.com/items --policy cors.toml
  python -m corekit_testing http://localhost:8000/ --policy cors.json --origin http://localhost:3000

status: 0 where the server does what the policy says, 1 where not, 2 where that cannot be told.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m corekit_testing",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", metavar="URL", help="an address that answers GET")
    parser.add_argument("--policy", type=Path, required=True, metavar="FILE", help="TOML or JSON")
    parser.add_argument(
        "--origin", action="append", default=[], help="of a page; may be given more than once"
    )
    parser.add_argument(
        "--engine", choices=ENGINES, default="standard", help="whose quirks to have"
    )
    parser.add_argument(
        "--send-unsafe", action="store_true", help="send PUT, DELETE and the like too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    asked = parser.parse_args(arguments)
    try:
        policy = load_policy(asked.policy)
        origins = _read_origins(policy, asked.origin)
        transport = UrlTransport()
    except (OSError, ValueError, ImportError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    try:
        cases = make_cases(policy, asked.url, origins)
        results = run_cases(
            cases,
            transport.send,
            quirks=ENGINES[asked.engine],
            send_unsafe=asked.send_unsafe,
        )
        return _print(list(results), as_json=asked.json)
    except (transport.errors, ValueError) as error:
        print(f"{asked.url} cannot be asked: {error}", file=sys.stderr)
        return 2
    finally:
        transport.close()


def _read_origins(policy: CorsPolicy, given: list[str]) -> list[str]:
    for origin in given:
        if not is_serialized_origin(origin):
            raise ValueError(f"--origin {origin!a} is not an origin as a browser sends it")
    origins = given or [each for each in policy.allow_origins if ANY not in each]
    if not origins:
        raise ValueError("the policy names no exact origin: give --origin")
    return origins


def _print(results: list[Result], *, as_json: bool) -> int:
    differing = [result for result in results if not result.agrees]
    if as_json:
        print(json.dumps([_describe(result) for result in results], indent=2))
        return 1 if differing else 0
    rows = [("", "page", "fetch", "policy", "server", "")]
    rows += [_row(result) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join((*cells, row[5])).rstrip())
    print(f"\n{len(results)} fetches, {len(differing)} of them not as the policy says")
    return 1 if differing else 0


def _row(result: Result) -> tuple[str, str, str, str, str, str]:
    case = result.case
    words = ("no", "yes") if case.page is not None else ("without", "with")
    why = "" if result.agrees or result.failure is None else str(result.failure)
    return (
        " " if result.agrees else "!",
        case.page or "(none)",
        case.name,
        words[case.expected],
        words[result.readable],
        why,
    )


def _describe(result: Result) -> dict[str, Any]:
    return {
        "page": result.case.page,
        "fetch": result.case.name,
        "expected": result.case.expected,
        "readable": result.readable,
        "agrees": result.agrees,
        "failure": result.failure.name if result.failure else None,
    }


if __name__ == "__main__":
    sys.exit(main())
