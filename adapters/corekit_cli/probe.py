"""The command `corekit probe`: finds out what a live server allows."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from corekit import CorsPolicy
from corekit.browser import SAFELISTED_METHODS
from corekit.browser.messages import Headers
from corekit.browser.urls import parse_url
from corekit.diagnostics import SEVERITIES, show
from corekit.explain import read_origin
from corekit.explain.call import path_of
from corekit.guard import CrossOriginGuard, GuardReason
from corekit.lint.regexes import regexes_of
from corekit.probe import (
    UNTRUSTED,
    Plan,
    ProbeResponse,
    TooManyRequestsError,
    check_responses,
    find_proxy,
    is_judged,
    make_requests,
    send_requests,
)

from .client import Client, Limits
from .options import header_option, limit_options, read_call, read_header
from .output import CommandError, is_json, json_option, print_findings, print_report
from .sources import require_file

_METHOD: Final = "PUT"

_is_cookie = re.compile(r"[!-~]+=[ -~]*").fullmatch


@click.command(short_help="Find out what a live server allows, and whom.")
@click.argument("url")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Origin that should be allowed; required without --policy.  [repeatable]",
)
@click.option(
    "--policy",
    "source",
    metavar="FILE|IMPORT_PATH|-",
    help="Policy to compare the server with.",
)
@click.option("--method", metavar="METHOD", help=f"Method that pages call.  [default: {_METHOD}]")
@header_option
@click.option(
    "--cookie",
    "cookies",
    multiple=True,
    metavar="NAME=VALUE",
    help="Cookie to send, such as that of a login.  [repeatable]",
)
@click.option(
    "--credentials",
    type=click.Choice(["omit", "include"]),
    help="As in fetch().  [default: include with --cookie or a policy that allows it]",
)
@click.option("--send-unsafe", is_flag=True, help="Send the request itself, and forged ones.")
@limit_options
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="Least severity that ends with status 1.",
)
@json_option
def probe(
    *,
    url: str,
    origins: Sequence[str],
    source: str | None,
    method: str | None,
    headers: Sequence[str],
    cookies: Sequence[str],
    credentials: str | None,
    send_unsafe: bool,
    limits: Limits,
    fail_on: str,
    as_json: bool,
) -> None:
    """Find out what a live server allows, and whether it allows untrusted origins.

    Sends fewer than thirty requests, and three or four for each further ORIGIN: those that a
    browser sends for pages of ORIGIN, and the same from origins that should be refused. With
    --policy, it sends one more for each method and header, and compares the responses with the
    policy. If that has a guard and allows no origins, only pages of the server itself should be
    allowed. Only GET and OPTIONS are sent, unless --send-unsafe is given: then also the request
    itself, a form of another website and the handshake of a WebSocket. Redirects are not followed.
    The values of --header and --cookie are sent with every request except preflights, and are not
    printed. Probe only servers that you may probe.

    \b
    Examples:
      corekit probe https://api.example.com/items --policy cors.toml
      corekit probe https://api.example.com/items \\
          --origin https://app.example.com
      corekit probe http://localhost:8000/ --origin http://localhost:3000 \\
          --method DELETE --header x-csrftoken --credentials include
      corekit probe https://api.example.com/ --policy app.main:policy \\
          --fail-on error --json | jq '.diagnostics[].code'

    \b
    Exit status:
      0  nothing is as severe as --fail-on
      1  something is
      2  the server did not respond, or not to all requests, or was not
         judged: its response to GET has status 401, 403, or 500 and above,
         or it does not know whether an origin is allowed (503 with
         Retry-After for a preflight)
    """
    policy, guard = (None, None) if source is None else _find_policy(source, url)
    checks_host = guard is not None and guard.hosts is not None
    chosen = method or (_METHOD if policy is None else _first_method(policy))
    if credentials is None:
        allows = policy is not None and policy.allow_credentials
        credentials = "include" if allows or cookies else "omit"
    elif credentials == "omit" and cookies:
        raise click.UsageError("Cookies are sent only with --credentials include.")
    fetch = read_call(url, chosen, headers, credentials)
    given = tuple(read_header(each) for each in headers if ":" in each)
    allowed, denied = _split_origins(url, origins, policy)
    if not (allowed or (guard is not None and policy is not None and _is_closed(policy))):
        message = "Name an origin that should be allowed: --origin https://app.example.com"
        raise click.UsageError(message)
    is_chosen = policy is not None or bool(method or headers)
    login = (*given, *_read_cookies(cookies))
    plan = Plan(
        allowed,
        fetch,
        is_chosen,
        send_unsafe,
        policy,
        denied,
        login,
        with_other_host=send_unsafe or checks_host,
        refuses_reads=guard is not None and _refuses_reads(guard, url),
    )
    requests = make_requests(plan)
    if len(requests) > limits.max_requests:
        message = f"{len(requests)} requests are necessary. Allow as many, or pass fewer origins."
        raise click.BadParameter(message, param_hint="--max-requests")
    if (len(requests) - 1) * limits.delay >= limits.max_time:
        message = f"{len(requests)} requests with --delay {limits.delay:g} take longer."
        raise click.BadParameter(message, param_hint="--max-time")
    try:
        with Client(limits, send_unsafe=send_unsafe) as client, _progress() as progress:
            task = progress.add_task("Sending", total=len(requests))
            responses = send_requests(
                plan, requests, client.send, lambda: progress.advance(task), client.wait
            )
    except TooManyRequestsError as error:
        message = "The server limits the rate of requests (status 429)."
        raise CommandError(message, "Raise --delay.", source=url) from error
    found = check_responses(responses)
    limit = SEVERITIES.index(fail_on)
    judged = is_judged(responses)
    named = (find_proxy(each.response.headers) for each in responses.all)
    proxies = list(dict.fromkeys(filter(None, named)))
    is_ok = judged and all(SEVERITIES.index(each.severity) > limit for each in found)
    if as_json:
        secrets = {name.lower() for name, _ in (*login, *fetch.headers)}
        print_report(
            {
                "url": url,
                "origins": plan.origins,
                "ok": is_ok,
                "judged": judged,
                "proxies": proxies,
                "diagnostics": [each.to_dict() for each in found],
                "exchanges": [_exchange(each, secrets) for each in responses.all],
            }
        )
    else:
        pages = ", ".join(plan.origins) or f"{plan.own_origin}, the server itself"
        sent = f"{len(requests)} requests for pages on {pages}"
        details = [sent, f"Proxy: {', '.join(proxies)}"] if proxies else [sent]
        print_findings(url, found, *details, values=False)
    raise SystemExit(0 if is_ok else 1 if judged else 2)


def _find_policy(source: str, url: str) -> tuple[CorsPolicy, CrossOriginGuard | None]:
    """Return the policy for a URL, and the guard if there is one."""
    path = parse_url(url).target.partition("?")[0]
    file = require_file(source)
    policy = file.require().policy_for(path)
    if policy is None:
        raise CommandError(f"No route covers {path}.", "Probe a path of a route.", source=source)
    return policy, file.guard


def _refuses_reads(guard: CrossOriginGuard, url: str) -> bool:
    """Return whether a guard refuses CORS requests of untrusted origins to a URL."""
    verdict = guard.judge("GET", path_of(url), host=parse_url(url).authority, origin=UNTRUSTED)
    return verdict.reason is GuardReason.READ_NOT_ALLOWED and verdict.status is not None


def _is_closed(policy: CorsPolicy) -> bool:
    """Return whether a policy allows no origins."""
    return not policy.allow_origins and not regexes_of(policy)


def _first_method(policy: CorsPolicy) -> str:
    unsafe = (each for each in policy.allow_methods if each not in ("*", *SAFELISTED_METHODS))
    return next(unsafe, _METHOD if "*" in policy.allow_methods else "GET")


def _split_origins(
    url: str, origins: Sequence[str], policy: CorsPolicy | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the origins that should be allowed, and those that should be refused."""
    own = parse_url(url).origin
    if not origins and policy is not None:
        origins = [each for each in policy.allow_origins if "*" not in each and each != own]
    if own in origins:
        message = f"{own} is the server's own origin, to which CORS does not apply."
        raise click.BadParameter(message, param_hint="--origin")
    allowed: dict[str, None] = {}
    denied: dict[str, None] = {}
    for origin in origins:
        problem = read_origin(origin)[1]
        if problem is not None:
            message = f"{show(origin)} is not an origin as browsers send it. {problem.hint}"
            raise click.BadParameter(message, param_hint="--origin")
        is_allowed = policy is None or policy.decide("GET", origin=origin).allowed
        (allowed if is_allowed else denied)[origin] = None
    return tuple(allowed), tuple(denied)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        console=console,
        transient=True,
        disable=is_json() or not console.is_terminal,
    )


def _read_cookies(cookies: Sequence[str]) -> Headers:
    for cookie in cookies:
        if _is_cookie(cookie) is None:
            message = "Write NAME=VALUE, in printable ASCII characters."
            raise click.BadParameter(message, param_hint="--cookie")
    return (("Cookie", "; ".join(cookies)),) if cookies else ()


def _exchange(each: ProbeResponse, secrets: Collection[str]) -> dict[str, Any]:
    request, response = each.sent.request, each.response
    headers = [
        (name, "(not shown)" if name.lower() in secrets else value)
        for name, value in request.headers
    ]
    return {
        "kind": each.sent.kind,
        "origin": each.sent.origin,
        "request": {"method": request.method, "url": request.url, "headers": headers},
        "response": {"status": response.status, "headers": response.headers},
    }
