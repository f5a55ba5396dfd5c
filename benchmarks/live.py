"""What reading a policy through a `LivePolicy` costs: ``python -m benchmarks.live``.

The same requests go through two middlewares in turn. The fastest round of each counts, since other
processes can only make one slower. A third middleware, equal to the first, shows the noise.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns
from typing import Any, Final

from benchmarks.applications import POLICY, drive_asgi, plain_app
from benchmarks.traffic import ALLOWED, UNTRUSTED, preflight_headers, request_headers, scope
from corekit import LivePolicy
from corekit_asgi import CorsMiddleware

ROUNDS: Final = 400
REQUESTS: Final = 200

WORKLOADS: Final = {
    "allowed": ("GET", request_headers(ALLOWED)),
    "denied": ("GET", request_headers(UNTRUSTED)),
    "preflight": ("OPTIONS", preflight_headers(ALLOWED)),
}


def main() -> int:
    """Measure each workload, print what a live policy adds, and return the exit status."""
    apps: dict[str, Any] = {
        "static": CorsMiddleware(plain_app, POLICY),
        "live": CorsMiddleware(plain_app, LivePolicy(POLICY)),
        "noise": CorsMiddleware(plain_app, POLICY),
    }
    for name, (method, headers) in WORKLOADS.items():
        best = dict.fromkeys(apps, float("inf"))
        for _ in range(ROUNDS):
            for kind, app in apps.items():
                requests = [scope(method, headers) for _ in range(REQUESTS)]
                start = perf_counter_ns()
                drive_asgi(app, requests)
                best[kind] = min(best[kind], (perf_counter_ns() - start) / REQUESTS)
        static, live, noise = (best[kind] for kind in ("static", "live", "noise"))
        added = f"live {live - static:+.0f} ns, noise {noise - static:+.0f} ns"
        print(f"{name:10} {static:6.0f} ns per request; {added}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
