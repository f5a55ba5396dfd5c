"""The paths of the test project."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from corekit_django import cors, cors_exempt

from . import views
from .views import OWN

router = SimpleRouter()
router.register("set", views.DrfSet, basename="set")
thing = views.CallableView()

urlpatterns = [
    path("plain/", views.plain),
    path("in-loop/", views.in_loop),
    path("crash/", views.crash),
    path("protected/", views.protected),
    path("stream/", views.stream),
    path("stream-async/", views.stream_async),
    path("file/", views.file),
    path("redirect/", views.redirect),
    path("own-headers/", views.own_headers),
    path("shared/", views.shared),
    path("own/", views.own),
    path("own-async/", views.own_async),
    path("own-wrapped/", views.own_wrapped),
    path("own-without-csrf/", views.own_without_csrf),
    path("own-class/", views.OwnClass.as_view()),
    path("own-subclass/", views.OwnSubclass.as_view()),
    path("own-dispatch/", views.OwnDispatch.as_view()),
    path("own-method/", views.OwnMethod.as_view()),
    path("own-in-urlconf/", cors(OWN)(views.plain)),
    path("own-class-in-urlconf/", cors(OWN)(views.OwnMethod.as_view())),
    path("own-object/", cors(OWN)(thing)),
    path("object/", thing),
    path("own-bound-method/", cors(OWN)(thing.method)),
    path("exempt/", views.exempt),
    path("exempt-in-urlconf/", cors_exempt(views.plain)),
    path("items/<int:pk>/", include([path("own/", cors(OWN)(views.plain))])),
    path("drf/above/", views.drf_above),
    path("drf/below/", views.drf_below),
    path("drf/class/", views.DrfClass.as_view()),
    path("drf/", include(router.urls)),
    path("ninja/", views.api.urls),
    path("ninja-async/", views.async_api.urls),
    *i18n_patterns(path("own-translated/", views.own), prefix_default_language=False),
]
