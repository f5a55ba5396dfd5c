"""Origins that are not websites, in the options of flask-cors."""

from __future__ import annotations

import pytest
from flask import Flask

from corekit_flask.compat import CORS


@pytest.mark.parametrize("origin", ["moz-extension://a", "http://192.168.1.2:1"])
def test_flask_takes_the_entries_of_a_policy(origin: str) -> None:
    app = Flask("app")
    app.add_url_rule("/", view_func=lambda: "")
    CORS(app, origins=["moz-extension://*", "http://192.168.1.*:*"])
    response = app.test_client().get("/", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin
