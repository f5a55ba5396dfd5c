"""Programs with gevent that fork while `refresh()` or `watch()` is running. Not a test."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOADS: Final = "LOADS"
"""The environment variable that names the file of the loads."""


def make_app() -> Any:
    """Return an application that notes the process and the thread of each load."""
    from corekit import CorsPolicy, LivePolicy
    from corekit_config import refresh
    from corekit_wsgi import CorsMiddleware

    def load() -> Iterator[str]:
        with Path(os.environ[LOADS]).open("a") as file:
            file.write(f"{os.getpid()} {threading.get_ident()}\n")
        yield "https://shop-1.example"

    def hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        subprocess.run(["true"], check=True)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    refresh(load, live, every=0.1)
    return CorsMiddleware(hello, live)


def count_requests(folder: Path, kind: str) -> None:
    """Print how often requests were done that wait while another one runs a program."""
    import gevent

    from corekit import CorsPolicy, LivePolicy
    from corekit_config import refresh, watch

    live = LivePolicy(CorsPolicy(allow_origins=["https://app.example.com"]))
    if kind == "refresh":
        refresh(lambda: ["https://shop-1.example"], live)
    else:
        path = folder / "cors.toml"
        path.write_text('allow_origins = ["https://app.example.com"]')
        watch(path, live)
    done = os.open(folder / "done", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def request() -> None:
        gevent.sleep(0)
        os.write(done, b".")

    for _ in range(10):
        requests = [gevent.spawn(request) for _ in range(3)]
        gevent.sleep(0)
        subprocess.run(["true"], check=True)
        gevent.joinall(requests)
    print(len((folder / "done").read_text()))


def time_out() -> None:
    """Print where a timeout is raised that ends during a step, in a request that forks."""
    import gevent

    from corekit_config.polling import Poller

    def step() -> float:
        time.sleep(0.5)
        return 60.0

    def request() -> str:
        try:
            with gevent.Timeout(0.1):
                subprocess.run(["sleep", "10"], check=True)
        except gevent.Timeout:
            return "in the request"
        return "nowhere"

    with Poller(step, "the test", every=60.0) as poller:
        while poller._began > time.monotonic():
            gevent.sleep(0.001)
        print(gevent.spawn(request).get())


if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()
    if sys.argv[1] == "timeout":
        time_out()
    else:
        with TemporaryDirectory() as name:
            count_requests(Path(name), sys.argv[1])
