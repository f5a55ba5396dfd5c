"""Policies of class-based views and of their methods."""

from __future__ import annotations

from typing import ClassVar

from flask import Flask
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
