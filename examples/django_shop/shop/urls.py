"""The paths of the API."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("api/token/", views.token),
    path("api/login/", views.log_in),
    path("api/orders/", views.orders),
    path("api/orders/<int:number>/", views.order),
    path("api/catalog/", views.catalog),
]
