"""The example's models, without its receivers: each test connects those that it is about."""

from __future__ import annotations

from django.apps import AppConfig


class Models(AppConfig):
    name = "shop"
