"""The tables of the shop: orders, and partners whose pages may call the API."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Order(models.Model):
    """One item that a customer ordered."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    item = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.item


class Partner(models.Model):
    """An origin that may call the API, in addition to those in the settings."""

    origin = models.CharField(max_length=330, unique=True)

    def __str__(self) -> str:
        return self.origin
