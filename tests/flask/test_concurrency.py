"""Threads that send the first requests at the same time get the policy of the view."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from corekit import CorsPolicy
from corekit_flask import Cors, cors


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_first_requests_meet_the_policy_of_the_view() -> None:
    for _ in range(20):
        app = Flask("shop")
        for number in range(100):
            app.add_url_rule(f"/{number}", f"view{number}", lambda: "public")
        app.add_url_rule("/secret", "secret", cors(CorsPolicy.deny_all())(lambda: "secret"))
        Cors(app, CorsPolicy(allow_origins=["*"]))
        start = Barrier(8)

        def read(app: Flask = app, start: Barrier = start) -> str | None:
            start.wait()
            response = app.test_client().get("/secret", headers={"Origin": "https://a.example"})
            return response.headers.get("Access-Control-Allow-Origin")

        with ThreadPoolExecutor(8) as pool:
            assert {task.result() for task in [pool.submit(read) for _ in range(8)]} == {None}
