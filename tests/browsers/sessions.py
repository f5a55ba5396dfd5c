"""Generated sessions for real browsers: the same for every engine.

Three families: policies of corekit around an application, malformed answers, and redirects. What is
drawn depends on a seed only. A session is short, so that a preflight that may be kept for the
default of 5 seconds is kept until its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from corekit import CorsPolicy, PolicyError
from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit_testing.transports import WsgiTransport
from corekit_wsgi import CorsMiddleware
from tests.browsers.lab import Lab, Session
from tests.properties.application import Application

API, OTHER = "api.localhost", "other.localhost"
METHODS = [*"GET GET HEAD POST POST PUT PUT DELETE PATCH patch put LOCK X-y".split()]
HEADERS = [
    ("Accept", "text/html"),
    ("Accept", '"quoted"'),
    ("Accept-Language", "de;q=0.5"),
    ("Accept-Language", "de_AT"),
    ("Content-Language", "en"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain;x=(y)"),
    ("Range", "bytes=0-1"),
    ("Range", "bytes=-1"),
    ("Range", "bytes=5-"),
    ("Range", "bytes=9223372036854775807-"),
    ("Range", "bytes=0-18446744073709551616"),
    ("Authorization", "Bearer x"),
    ("X-A", "1"),
    ("x-b", "2"),
    ("X-Long", "long"),
    ("Accept", "x" * 129),
    ("Cookie", "a=b"),
    ("X-HTTP-Method-Override", "TRACE"),
    ("Save-Data", "on"),
    ("Save-Data", "off"),
    ("DPR", "1.5"),
    ("RTT", "100"),
    ("ECT", "5g"),
    ("User-Agent", "me"),
]
REPEATED = [
    ("Accept", "text/plain"),
    ("Accept", "x" * 100),
    ("Accept-Language", "en"),
    ("Range", "bytes=0-1"),
    ("X-A", "3"),
    ("x-b", "4"),
]
"""Headers that may be set twice. Firefox sends some others differently: see docs/browsers.md."""
BODY_TYPES = ["", "", "text/plain;charset=utf-8", "application/json"]


def draw_fetch(random: Random, url: str, **fixed: Any) -> Fetch:
    """Make a fetch of any sort."""
    method = random.choice(METHODS)
    chosen = random.sample(HEADERS, random.choice([0, 0, 1, 1, 2, 3]))
    headers = list({name.lower(): (name, value) for name, value in chosen}.values())
    if random.random() < 0.1:
        headers += random.sample(REPEATED, 2)
    has_body = method not in ("GET", "HEAD") and random.random() < 0.5
    fetch = Fetch(
        url + random.choice(["", "", "", "#a", "#b"]),
        method,
        tuple(headers),
        b"body" if has_body else None,
        credentials=random.choice(["omit", "same-origin", "same-origin", "include", "include"]),
        body_type=random.choice(BODY_TYPES) if has_body else "",
    )
    if random.random() < 0.05 and method in ("GET", "HEAD", "POST"):
        fetch = replace(fetch, mode="no-cors")
    elif random.random() < 0.06:
        # After redirects, Firefox lists no type that only the Blob of an XMLHttpRequest has.
        fetch = replace(fetch, upload_listener=True, body_type="")
        if fetch.credentials == "omit":
            fetch = replace(fetch, credentials="same-origin")
    return replace(fetch, **fixed)


def policy_sessions(lab: Lab, count: int, seed: int, tag: str = "") -> Iterator[Session]:
    """Policies of corekit around an application that sends CORS headers too."""
    random = Random(seed)
    for number in range(count):
        page = random.choice([lab.page, lab.page, lab.page, "null"])
        policy = _draw_policy(random, lab)
        name = f"p{number}{tag}"
        transport = WsgiTransport(
            CorsMiddleware(_draw_application(random).wsgi, policy), raise_exceptions=True
        )
        urls = [f"{lab.origin(API)}/{name}/{part}" for part in ("", "items")]
        odd = [f"http://{API}:6000/{name}/", "data:text/plain,hello", "data:x/y;base64,aGk="]
        fetches = [
            draw_fetch(random, random.choice(odd if random.random() < 0.03 else urls))
            for _ in range(random.randint(1, 7))
        ]
        yield Session(name, page, fetches, transport.send, note=policy)


def _draw_policy(random: Random, lab: Lab) -> CorsPolicy:
    origins = random.choice(
        [
            ["*"],
            ["null"],
            [lab.page],
            [lab.page, lab.origin(OTHER)],
            ["http://*.localhost:*"],
            ["http://app.localhost"],
            [lab.origin(OTHER)],
            ["http://a*.localhost:*", "null"],
        ]
    )
    arguments: dict[str, Any] = {
        "allow_origins": origins,
        "allow_credentials": origins[-1] not in ("*", "null") and random.random() < 0.6,
        "allow_methods": random.choice([[], ["PUT"], ["PUT", "DELETE", "PATCH"], ["*"], ["*"]]),
        "allow_headers": random.choice(
            [[], ["content-type", "x-a"], ["authorization", "x-a", "x-b"], ["*"], ["*", "range"]]
        ),
        "expose_headers": random.choice([[], ["x-request-id"], ["X-Total", "etag"]]),
        "max_age": random.choice([None, 0, 600, 86400]),
        "preflight_status": random.choice([200, 204]),
        "accept_risks": ["opaque-origin"] if "null" in origins else [],
    }
    try:
        return CorsPolicy(**arguments)
    except PolicyError as error:
        codes = sorted({problem.code for problem in error.problems})
        return CorsPolicy(**{**arguments, "accept_risks": codes})


def _draw_application(random: Random) -> Application:
    headers = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "x-secret"),
        ("X-Request-Id", "1"),
        ("X-Total", "2"),
        ("ETag", '"3"'),
        ("X-Secret", "4"),
        ("Content-Type", "text/plain"),
        ("Pragma", "5"),
        ("X-Total", "6"),
        ("Cache-Control", "no-store"),
    ]
    sent = random.sample(headers[:-1], random.randint(0, 9))
    return Application(random.choice([200, 200, 201, 404, 500]), [*sent, headers[-1]])


def malformed_sessions(lab: Lab, count: int, seed: int, tag: str = "") -> Iterator[Session]:
    """Responses whose headers are slightly wrong; browsers compare them byte by byte."""
    random = Random(seed)
    for number in range(count):
        page = random.choice([lab.page, lab.page, lab.page, "null"])
        answers = {
            is_preflight: _draw_answer(random, page, is_preflight=is_preflight)
            for is_preflight in (False, True)
        }
        name = f"m{number}{tag}"

        def answer(
            request: HttpRequest, answers: dict[bool, HttpResponse] = answers
        ) -> HttpResponse:
            return answers[request.is_preflight]

        url = f"{lab.origin(API)}/{name}/"
        fetches = [draw_fetch(random, url) for _ in range(random.randint(1, 4))]
        yield Session(name, page, fetches, answer, note=answers)


def _draw_answer(random: Random, page: str, *, is_preflight: bool) -> HttpResponse:
    def mostly(right: list[str], *wrong: list[str]) -> list[str]:
        return right if random.random() < 0.75 else random.choice(wrong)

    right = random.choice([[page], [page], ["*"]])
    lines = {
        "Access-Control-Allow-Origin": mostly(
            right,
            [],
            [""],
            [f" {page}\t"],
            [f"{page}/"],
            [page, page],
            ["*", page],
            [f"{page},{page}"],
            [f"{page} *"],
            [f'"{page}"'],
            [page.upper()],
            ["null"],
            ["http://app.localhost"],
            ["app.localhost"],
            ["http://"],
            ["* "],
            ["**"],
            ["True"],
        ),
        "Access-Control-Allow-Credentials": mostly(
            ["true"], [], ["True"], ["TRUE"], ["1"], [" true "], ["true", "true"], ["true,"], [""]
        ),
    }
    if is_preflight:
        lines["Access-Control-Allow-Methods"] = mostly(
            ["PUT, DELETE, PATCH, patch, LOCK"],
            [],
            [""],
            ["*"],
            ["*, PUT"],
            ["PUT", "DELETE"],
            ["put,delete"],
            [", PUT ,,LOCK,"],
            ["PUT DELETE"],
            ["PUT; DELETE"],
            ['"PUT"'],
            ["PUT,\tDELETE"],
            ["PUT, (x)"],
        )
        lines["Access-Control-Allow-Headers"] = mostly(
            ["accept, accept-language, authorization, content-type, range, X-A, x-B, x-long"],
            [],
            [""],
            ["*"],
            ["*, authorization"],
            ["x-a", "x-b, content-type"],
            [",x-a,, X-B ,"],
            ["x-a x-b"],
            ["x-a: 1"],
            ["content-type, x_a"],
        )
        lines["Access-Control-Max-Age"] = mostly(
            ["600"], [], [""], ["0"], ["-1"], ["abc"], ["600.5"], ["-x"], ["+600"], ["0x10"]
        )
    else:
        lines["Access-Control-Expose-Headers"] = mostly(
            ["x-one, X-TWO"],
            [],
            ["*"],
            ["*, x-one"],
            ["x-one x-two"],
            ["x-one", "x-two"],
            ["x-one,"],
        )
    headers = [(name, value) for name, values in lines.items() for value in values]
    headers += [("X-One", "1"), ("X-Two", "2"), ("Cache-Control", "no-store")]
    statuses = [200, 204, 204, 299, 400, 500] if is_preflight else [200, 201, 400, 503]
    status = random.choice(statuses if random.random() < 0.3 else [200, 200])
    if is_preflight and random.random() < 0.04:
        status = random.choice([301, 302, 307, 308])
        headers.append(("Location", "/elsewhere"))
    return HttpResponse(status, tuple(headers), b"" if status == 204 else b"secret")


@dataclass(frozen=True)
class Redirecting:
    """A server that redirects `steps` times, and grants at each step what `grants` says."""

    grants: list[str]
    urls: list[str]
    status: int
    steps: int
    page: str
    bend: str | None

    def answer(self, request: HttpRequest) -> HttpResponse:
        at = int(request.url[-1])
        headers = grant(self.grants[at], self.page, request)
        if request.is_preflight or at == self.steps:
            return HttpResponse(200, headers, b"" if request.is_preflight else b"there")
        location = self.urls[at + 1]
        if self.bend == "user":
            location = location.replace("://", "://user@")
        elif self.bend == "mail":
            location = "mailto:nobody@example.com"
        return HttpResponse(self.status, (*headers, ("Location", location)), b"here")


def redirect_sessions(lab: Lab, count: int, seed: int, tag: str = "") -> Iterator[Session]:
    """Redirects within a host, to another host and back, with and without CORS headers."""
    random = Random(seed)
    for number in range(count):
        name = f"r{number}{tag}"
        page = random.choice([lab.page, lab.page, lab.page, "null"])
        hosts = [random.choice([API, API, API, lab.page_host])]
        hosts.append(random.choice([API, OTHER, OTHER, lab.page_host]))
        hosts.append(random.choice([hosts[1], API, OTHER, lab.page_host]))
        urls = [f"{lab.origin(host)}/{name}/{at}" for at, host in enumerate(hosts)]
        grants = [random.choice(["*", "page", "page", "null", "echo", "echo"]) for _ in hosts]
        if hosts[0] == lab.page_host and grants[1] == "*":
            # WebKit sends another preflight before such a fetch fails: see docs/browsers.md.
            grants[1] = "page"
        status = random.choice([301, 302, 303, 303, 307, 307, 308])
        steps = random.choice([1, 2])
        target = random.random()
        fetch = draw_fetch(random, urls[0])
        is_opaque = fetch.mode == "no-cors"
        if is_opaque:
            # The Origin of a POST that has become a GET is no matter of CORS there.
            fetch = replace(fetch, method="GET", body=None, body_type="")

        # What becomes of odd addresses without CORS is no matter of CORS. From the page's own
        # server to another one, WebKit sends a preflight before the fetch fails.
        leaves = hosts[0] == lab.page_host and len(set(hosts)) > 1
        bends = [] if is_opaque or leaves else [(0.05, "user"), (0.08, "mail")]
        bend = next((name for limit, name in bends if target < limit), None)
        answer = Redirecting(grants, urls, status, steps, page, bend).answer
        if not fetch.upload_listener and random.random() < 0.15:
            fetch = replace(fetch, redirect=random.choice(["error", "manual"]))
        if fetch.mode == "no-cors":
            fetch = replace(fetch, redirect="follow")
        yield Session(name, page, [fetch, fetch], answer, note=(grants, status, steps, urls))


def grant(what: str, page: str, request: HttpRequest) -> tuple[tuple[str, str], ...]:
    asked = {name.lower(): value for name, value in request.headers}
    origin = {"page": page, "echo": asked.get("origin", "*")}.get(what, what)
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT, DELETE, PATCH, patch, LOCK, X-y"),
        (
            "Access-Control-Allow-Headers",
            "accept, accept-language, content-type, range, x-a, x-b, x-long, authorization",
        ),
        ("Cache-Control", "no-store"),
    )


MAKERS: dict[str, Callable[[Lab, int, int, str], Iterator[Session]]] = {
    "policies": policy_sessions,
    "malformed": malformed_sessions,
    "redirects": redirect_sessions,
}
