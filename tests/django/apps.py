"""The example's models without its receivers; tests connect the ones they need."""

from __future__ import annotations

from django.apps import AppConfig


class Models(AppConfig):
    name = "shop"
