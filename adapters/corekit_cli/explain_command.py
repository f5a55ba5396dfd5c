"""`corekit explain`: why a page may read an answer, or not, by a policy or by a live server."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from shlex import quote

import click
from rich.console import Console

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit._origins import is_serialized_origin
from corekit.browser import ENGINES, BrowserModel, Fetch, Quirks
from corekit.browser.messages import CREDENTIALS_MODES, FETCH_MODES
from corekit.explain import Explanation, explain, explain_outcome, find_error
from corekit_config import ConfigError, find_policy

from .asking import Asker, NotAskedError, Pace
from .call_options import headers_option, method_option, pace_options, read_call
from .explain_report import print_entry, print_explanation, tell_assumed
from .untold import UntoldError

__all__ = ["explain_call"]

_API = "https://api.example.com/"
_OF_SCRIPTS = ("failed to fetch", "networkerror when attempting to fetch", "load failed")
# Chromium's messages name both.
_url = re.compile(r" at '(https?://[^'\s]{1,2000})'").search
_origin = re.compile(r" from origin '([^'\s]{1,400})'").search

Policy = CorsPolicy | CorsRoutes


@click.command("explain", short_help="Say why a page may read an answer, or not, and the mend.")
@click.argument("message", required=False)
@click.option("--origin", metavar="ORIGIN", help="Of the page that calls.")
@method_option(help="As the page spells it.  [default: GET]")
@headers_option
@click.option(
    "--credentials",
    type=click.Choice(CREDENTIALS_MODES),
    default="same-origin",
    show_default=True,
    help="As in fetch().",
)
@click.option(
    "--mode",
    type=click.Choice(FETCH_MODES),
    default="cors",
    show_default=True,
    help="As in fetch().",
)
@click.option("--policy", metavar="FILE|IMPORT_PATH|-", help="The policy to ask.")
@click.option("--url", metavar="URL", help="The live server to ask.")
@click.option(
    "--api",
    metavar="URL",
    help=f"What the page calls, where no server is asked.  [default: {_API}]",
)
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="standard",
    show_default=True,
    help="Whose quirks the browser has.",
)
@click.option("--send-unsafe", is_flag=True, help="Send PUT, DELETE and the like to --url, too.")
@pace_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def explain_call(
    *,
    message: str | None,
    origin: str | None,
    method: str | None,
    headers: Sequence[str],
    credentials: str,
    mode: str,
    policy: str | None,
    url: str | None,
    api: str | None,
    engine: str,
    send_unsafe: bool,
    pace: Pace,
    as_json: bool,
) -> None:
    """Say what a browser does with a call, in order, and how to make it pass.

    MESSAGE is what a browser's console says, or the name of a failure. Without one, --origin says
    whose page calls, and --policy or --url who answers; with both, whether the server keeps to the
    policy. A server is asked with GET and OPTIONS only, unless --send-unsafe is given.

    \b
    Examples:
      corekit explain --policy cors.toml --origin https://app.example.com --method PUT
      corekit explain --policy app.main:policy --origin http://localhost:3000 \\
          --header authorization --credentials include
      corekit explain --url https://api.example.com/items --origin https://app.example.com
      corekit explain PreflightMissingAllowOriginHeader
      corekit explain "Reason: CORS header 'Access-Control-Allow-Origin' missing"

    Status: 0 where the page may read the answer, 1 where not, 2 where that cannot be told.
    """
    if message is not None:
        _explain_message(message, is_alone=not (origin or policy or url), as_json=as_json)
        return
    if origin is None or not (policy or url):
        raise click.UsageError("Give --origin and --policy or --url, or a browser's message.")
    if url is not None and api is not None:
        raise click.UsageError("--url says what the page calls; leave --api out.")
    fetch, _ = read_call(url or api or _API, method or "GET", headers, credentials, mode)
    quirks = ENGINES[engine]
    found = None if policy is None else _find_policy(policy, as_json=as_json)
    assumed: list[str] = []
    try:
        if found is not None and url is None:
            explanation = explain(found, fetch, page=origin, quirks=quirks)
        else:
            with Asker(pace, send_unsafe=send_unsafe) as asker:
                explanation = _explain_server(asker, fetch, origin, found, quirks)
            assumed = asker.assumed
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--origin") from error
    except NotAskedError as error:
        raise UntoldError(str(error), as_json=as_json) from error
    except KeyboardInterrupt:
        raise UntoldError("the server was not asked to the end", as_json=as_json) from None
    if assumed:
        explanation = tell_assumed(explanation, fetch.method)
    _show(explanation, as_json=as_json)
    raise SystemExit(0 if explanation.allowed else 1)


def _find_policy(text: str, *, as_json: bool) -> Policy:
    try:
        # What the program itself prints is no part of the explanation.
        with redirect_stdout(sys.stderr):
            return find_policy(text)
    except (ConfigError, PolicyError) as error:
        raise UntoldError(str(error), as_json=as_json) from error


def _explain_server(
    asker: Asker, fetch: Fetch, page: str, policy: Policy | None, quirks: Quirks
) -> Explanation:
    model = BrowserModel(clock=time.monotonic, quirks=quirks)
    outcome = model.fetch(asker.send, page, fetch)
    return explain_outcome(outcome, fetch, page=page, policy=policy, quirks=quirks)


def _explain_message(message: str, *, is_alone: bool, as_json: bool) -> None:
    if not is_alone:
        raise click.UsageError("A browser's message is explained alone: leave the options out.")
    entry = find_error(message)
    if entry is None:
        sentence = "this is no message of CORS that is known here"
        if any(word in message.lower() for word in _OF_SCRIPTS):
            sentence = "this is all that a page's script learns: the console says more"
        more = "with --origin and --url the server itself is asked"
        raise UntoldError(f"{sentence}; {more}", as_json=as_json)
    question = _next_question(message)
    if as_json:
        data = {"name": entry.name, "message": entry.message, "hint": entry.hint, "next": question}
        click.echo(json.dumps(data, indent=2))
    else:
        print_entry(Console(highlight=False), entry, question)


def _next_question(message: str) -> str | None:
    """Make the command that asks the server of a message; None where it does not name it."""
    url, origin = _url(message), _origin(message)
    if url is None or origin is None or not is_serialized_origin(origin[1]):
        return None
    return f"corekit explain --url {quote(url[1])} --origin {quote(origin[1])}"


def _show(explanation: Explanation, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(explanation.to_dict(), indent=2))
    else:
        print_explanation(Console(highlight=False), explanation)
