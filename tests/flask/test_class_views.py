"""Policies of class-based views and of their methods."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from corekit_flask import Cors, cors
from tests.flask.test_views import ADMIN, UNTRUSTED, admin, default, public, reads


def test_method_that_only_the_class_knows_has_its_own_policy() -> None:
    class Folder(MethodView):
        methods = ("PROPFIND",)

        @cors(admin)
        def propfind(self) -> str:
            return "folder"

    app = Flask("shop")
    app.add_url_rule("/", view_func=Folder.as_view("folder"))
    Cors(app, public)
    assert reads(app, "/", ADMIN, "PROPFIND") == ADMIN
    assert reads(app, "/", UNTRUSTED, "PROPFIND") is None


def test_view_with_two_marks_keeps_the_methods_of_its_class() -> None:
    class Stock(MethodView):
        decorators: ClassVar = [cors(public)]

        def put(self) -> str:
            return "stock"

    app = Flask("shop")
    app.add_url_rule("/", view_func=cors(admin)(Stock.as_view("stock")))
    Cors(app, default)
    response = app.test_client().put("/", headers={"Origin": ADMIN})
    assert (response.text, response.headers["Access-Control-Allow-Origin"]) == ("stock", ADMIN)


def test_decorator_that_is_applied_during_a_request_is_too_late() -> None:
    class Report(MethodView):
        method_decorators: ClassVar = [cors(admin)]

        def get(self) -> str:
            return "secret"

        def dispatch_request(self, **_: Any) -> ResponseReturnValue:
            # As in Flask-RESTful.
            method = self.get
            for decorate in self.method_decorators:
                method = decorate(method)
            return method()

    app = Flask("shop")
    app.add_url_rule("/", view_func=Report.as_view("report"))
    Cors(app, public)
    app.testing = True
    with pytest.raises(RuntimeError, match=r"Report\.get has its own CORS policy"):
        app.test_client().get("/", headers={"Origin": ADMIN})
