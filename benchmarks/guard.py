"""Guard against slower code by counting instructions, which do not depend on the machine's speed.

valgrind counts the instructions that the interpreter executes for many requests, with corekit and
with the hand-written minimum, minus those of the bare application. The ratio of the two is compared
with the committed one, so that a different build of Python does not raise an alarm.
`make bench-guard` fails if a ratio is more than 15 % higher; `--write` updates the committed ones.

For requests through a `corekit.guard.CrossOriginGuard` too, the ratio is that of both layers to the
CORS layer alone, and its limit is fixed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.applications import POLICY, drive_asgi, plain_app, vary_app
from benchmarks.minimum import MinimalAsgi
from benchmarks.traffic import ALLOWED, UNTRUSTED, preflight_headers, request_headers, scope
from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_asgi import CorsMiddleware

COMMITTED: Final = Path(__file__).with_name("guard.json")
LIMIT: Final = 1.15
REQUESTS: Final = 2_000
OWN: Final = "https://api.example.com"

ANY_ORIGIN: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
PATTERNS: Final = CorsPolicy(
    allow_origins=[f"https://*.{ALLOWED.removeprefix('https://').partition('.')[2]}"],
    allow_credentials=True,
)

WORKLOADS: Final[dict[str, tuple[str, str | None, Any, CorsPolicy]]] = {
    "no-origin": ("GET", None, plain_app, POLICY),
    "allowed": ("GET", ALLOWED, plain_app, POLICY),
    "denied": ("GET", UNTRUSTED, plain_app, POLICY),
    "vary": ("GET", ALLOWED, vary_app, POLICY),
    "preflight": ("OPTIONS", ALLOWED, plain_app, POLICY),
    "preflight-denied": ("OPTIONS", UNTRUSTED, plain_app, POLICY),
    "pattern": ("GET", ALLOWED, plain_app, PATTERNS),
    "pattern-denied": ("GET", UNTRUSTED, plain_app, PATTERNS),
    "any-origin": ("GET", ALLOWED, plain_app, ANY_ORIGIN),
    "any-origin-preflight": ("OPTIONS", ALLOWED, plain_app, ANY_ORIGIN),
}
CONTENDERS: Final = ("bare", "minimum", "corekit")

GUARDED: Final[dict[str, tuple[str, str, dict[str, str], float]]] = {
    "guarded-read": ("GET", ALLOWED, {}, 1.1),
    "guarded-own-write": ("POST", OWN, {"sec-fetch-site": "same-origin"}, 2.0),
    "guarded-listed-write": ("POST", ALLOWED, {}, 2.0),
}
"""The method, the origin and other headers of a request through the guard, and the limit."""
GUARDED_CONTENDERS: Final = ("bare", "corekit", "guarded")


async def idle(scope: Any, receive: Any, send: Any) -> None:
    """Do nothing: the baseline of preflights, which no application answers."""


def main() -> int:
    """Count the instructions, report the increases, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.guard", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--write", action="store_true", help="update the committed ratios")
    parser.add_argument(
        "--send", nargs=2, metavar=("WORKLOAD", "CONTENDER"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.send:
        send(*arguments.send)
        return 0
    if shutil.which("valgrind") is None:
        print("valgrind is missing; on Debian: apt install valgrind", file=sys.stderr)
        return 2
    guarded = count_guarded()
    ratios = count_all()
    if arguments.write:
        COMMITTED.write_text(json.dumps(ratios, indent=2) + "\n")
    committed: dict[str, float] = json.loads(COMMITTED.read_text())
    grown, slow = [], []
    for name, ratio in ratios.items():
        allowed = committed[name] * LIMIT
        print(f"{name:20} {ratio:6.3f} of the minimum's instructions; at most {allowed:.3f}")
        if ratio > allowed:
            grown.append(name)
    for name, ratio in guarded.items():
        limit = GUARDED[name][3]
        print(f"{name:20} {ratio:6.3f} of the CORS layer's instructions; at most {limit:.3f}")
        if ratio > limit:
            slow.append(name)
    if slow:
        print(f"Slower than the guard may be: {', '.join(slow)}", file=sys.stderr)
    if grown:
        print(f"Slower than committed by more than 15 %: {', '.join(grown)}", file=sys.stderr)
    return 1 if grown or slow else 0


def count_all() -> dict[str, float]:
    """Count every workload, two at a time, and return the ratio of corekit to the minimum."""
    pairs = [(workload, contender) for workload in WORKLOADS for contender in CONTENDERS]
    with ThreadPoolExecutor(2) as pool:
        counts = dict(zip(pairs, pool.map(lambda pair: count(*pair), pairs), strict=True))
    ratios = {}
    for workload in WORKLOADS:
        bare, minimum, ours = (counts[workload, contender] for contender in CONTENDERS)
        ratios[workload] = round((ours - bare) / (minimum - bare), 3)
    return ratios


def count_guarded() -> dict[str, float]:
    """Count the requests through the guard, and return the ratio to the CORS layer alone."""
    pairs = [(workload, contender) for workload in GUARDED for contender in GUARDED_CONTENDERS]
    with ThreadPoolExecutor(2) as pool:
        counts = dict(zip(pairs, pool.map(lambda pair: count(*pair), pairs), strict=True))
    ratios = {}
    for workload in GUARDED:
        bare, alone, guarded = (counts[workload, contender] for contender in GUARDED_CONTENDERS)
        ratios[workload] = round((guarded - bare) / (alone - bare), 3)
    return ratios


def count(workload: str, contender: str) -> int:
    """Return the instruction count of a process that sends the requests of one workload."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable]
    done = subprocess.run(
        [*command, "-m", "benchmarks.guard", "--send", workload, contender],
        check=True,
        capture_output=True,
        text=True,
        # The same hashes, and therefore the same collisions, each time.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        cwd=COMMITTED.parent.parent,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise RuntimeError(f"valgrind counted nothing: {done.stderr}")
    return int(found[1])


def send(workload: str, contender: str) -> None:
    """Send requests to one application."""
    if workload in GUARDED:
        send_guarded(workload, contender)
        return
    method, origin, app, policy = WORKLOADS[workload]
    apps = {
        "bare": app if method == "GET" else idle,
        "minimum": MinimalAsgi(app),
        "corekit": CorsMiddleware(app, policy),
    }[contender]
    headers = request_headers(origin) if method == "GET" else preflight_headers(origin or "")
    for _ in range(REQUESTS // 20):
        drive_asgi(apps, [scope(method, headers) for _ in range(20)])


def send_guarded(workload: str, contender: str) -> None:
    """Send requests of a workload of the guard."""
    method, origin, changed, _ = GUARDED[workload]
    app = {
        "bare": plain_app,
        "corekit": CorsMiddleware(plain_app, POLICY),
        "guarded": CorsMiddleware(plain_app, POLICY, guard=CrossOriginGuard(POLICY)),
    }[contender]
    headers = [(name, changed.get(name, value)) for name, value in request_headers(origin)]
    for _ in range(REQUESTS // 20):
        drive_asgi(app, [scope(method, headers) for _ in range(20)])


if __name__ == "__main__":
    sys.exit(main())
