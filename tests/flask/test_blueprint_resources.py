"""Several calls of `CORS` for one blueprint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_cors
import pytest
from flask import Blueprint, Flask

from corekit import CorsPolicy
from corekit_flask import cors
from corekit_flask.compat import CORS
from tests.flask.shop import APP, UNTRUSTED, reads


def register_blueprint(extension: Any, *calls: dict[str, Any]) -> Callable[[str, str], str | None]:
    """Call an extension for a blueprint, register that, and return what reads the paths."""
    app, blueprint = Flask("shop"), Blueprint("all", __name__)
    blueprint.add_url_rule("/<path:path>", "read", lambda path: path)
    for options in calls:
        extension(blueprint, **options)
    app.register_blueprint(blueprint)
    client = app.test_client()
    return lambda path, origin: reads(client, path, origin)


@pytest.mark.parametrize("extension", [CORS, flask_cors.CORS])
def test_second_call_for_a_blueprint_adds_other_resources(extension: Any) -> None:
    read = register_blueprint(
        extension,
        {"resources": "/api/*", "origins": APP},
        {"resources": "/fail", "origins": UNTRUSTED},
    )
    for path, granted in (("/api/items", APP), ("/fail", UNTRUSTED)):
        assert [read(path, origin) == origin for origin in (APP, UNTRUSTED)] == [
            granted == APP,
            granted == UNTRUSTED,
        ]
    assert read("/", APP) is read("/", UNTRUSTED) is None


@pytest.mark.parametrize("extension", [CORS, flask_cors.CORS])
def test_second_call_with_the_same_options_changes_nothing(extension: Any) -> None:
    read = register_blueprint(extension, {"origins": APP}, {"origins": APP})
    assert (read("/x", APP), read("/x", UNTRUSTED)) == (APP, None)


def test_second_call_for_a_blueprint_that_may_overlap_is_refused() -> None:
    message = r"^The application or blueprint already has a policy for .* in one call of CORS\(\)"
    with pytest.raises(RuntimeError, match=message):
        register_blueprint(CORS, {"origins": APP}, {"resources": "/api/*", "origins": UNTRUSTED})


def test_blueprint_with_another_policy_does_not_take_resources() -> None:
    blueprint = cors(CorsPolicy.deny_all())(Blueprint("all", __name__))
    with pytest.raises(TypeError, match=r"^The Blueprint has another CORS policy already, from "):
        CORS(blueprint, origins=APP)
