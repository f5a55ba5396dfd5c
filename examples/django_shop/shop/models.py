"""What the shop keeps: orders, and the partners whose pages may call."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Order(models.Model):
    """What a customer has ordered."""

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    item = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.item


class Partner(models.Model):
    """A site whose pages may call the API, beside those of the settings."""

    origin = models.CharField(max_length=330, unique=True)

    def __str__(self) -> str:
        return self.origin
