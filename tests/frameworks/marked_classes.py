"""Classes with a policy: on the class, on one of its methods, or on what ``as_view()`` returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from corekit import CorsPolicy

ANY: Final = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])


class Framework(NamedTuple):
    """Classes of a framework: its view, the method that it calls on one, and a decorator."""

    view: type
    entry: str
    make_entry: Callable[[], Any]
    make_method: Callable[[], Any]
    cors: Callable[[Any], Callable[[Any], Any]]
    ask: Callable[[type, bool, str], tuple[int, str | None, bool]]
    """Returns status, Access-Control-Allow-Origin and whether a view ran that may be hidden."""


def subclass(policy: Any, framework: Framework) -> type:
    """Return a class whose subclass replaces what the framework calls."""
    members = {"put": framework.make_method()}
    parent = framework.cors(policy)(type("Parent", (framework.view,), members))
    return type("Child", (parent,), {framework.entry: framework.make_entry()})


def earlier(policy: Any, framework: Framework) -> type:
    """Return a subclass that was there before its parent got the policy."""
    parent = type("Parent", (framework.view,), {"put": framework.make_method()})
    child = type("Child", (parent,), {framework.entry: framework.make_entry()})
    framework.cors(policy)(parent)
    return child


def mixin(policy: Any, framework: Framework) -> type:
    mixin = framework.cors(policy)(type("Mixin", (), {framework.entry: framework.make_entry()}))
    return type("View", (mixin, framework.view), {"put": framework.make_method()})


def other_method(policy: Any, framework: Framework) -> type:
    """Return a class with the policy, in which another method has that of the application."""
    get = framework.cors(ANY)(framework.make_method())
    members = {"get": get, "put": framework.make_method()}
    view: type = framework.cors(policy)(type("View", (framework.view,), members))
    return view


def on_entry(policy: Any, framework: Framework) -> type:
    """Return a class with the policy on the method that the framework calls."""
    members = {"put": framework.make_method()}
    members[framework.entry] = framework.cors(policy)(framework.make_entry())
    return type("View", (framework.view,), members)


def inherited_entry(policy: Any, framework: Framework) -> type:
    """Return a subclass that replaces a method with the policy."""
    members = {framework.entry: framework.make_entry()}
    return type("Child", (on_entry(policy, framework),), members)


def over_entry(policy: Any, framework: Framework) -> type:
    """Return a class with the policy that inherits a method with another one."""
    view: type = framework.cors(policy)(type("Child", (on_entry(ANY, framework),), {}))
    return view


def over_mixin(policy: Any, framework: Framework) -> type:
    """Return a class with the policy and a mixin, which has a method with another one."""
    entry = framework.cors(ANY)(framework.make_entry())
    mixin = type("Mixin", (), {framework.entry: entry})
    members = {"put": framework.make_method()}
    view: type = framework.cors(policy)(type("View", (mixin, framework.view), members))
    return view


def below_mixin(policy: Any, framework: Framework) -> type:
    """Return a class whose mixin has the policy on a method; the class after it has another one."""
    entry = framework.cors(policy)(framework.make_entry())
    mixin = type("Mixin", (), {framework.entry: entry})
    parent = framework.cors(ANY)(
        type("Parent", (framework.view,), {"put": framework.make_method()})
    )
    return type("View", (mixin, parent), {})


def entry_over_class(policy: Any, framework: Framework) -> type:
    """Return a class with the policy on a method that inherits another one from its parent."""
    parent = framework.cors(ANY)(on_entry(ANY, framework))
    members = {framework.entry: framework.cors(policy)(framework.make_entry())}
    return type("Child", (parent,), members)


def decorated(policy: Any, framework: Framework) -> type:
    """Return a class that replaces the policy of its parent by `decorators`."""
    parent = framework.cors(ANY)(
        type("Parent", (framework.view,), {"put": framework.make_method()})
    )
    return type("Child", (parent,), {"decorators": [framework.cors(policy)]})


def over_decorators(policy: Any, framework: Framework) -> type:
    """Return a class with the policy that inherits `decorators` with another one."""
    members = {"put": framework.make_method(), "decorators": [framework.cors(ANY)]}
    parent = type("Parent", (framework.view,), members)
    view: type = framework.cors(policy)(type("Child", (parent,), {}))
    return view


def around(policy: Any, framework: Framework) -> type:
    """Return a class whose views get the policy; those of its parent have another one."""
    parent: Any = framework.cors(ANY)(
        type("Parent", (framework.view,), {"put": framework.make_method()})
    )

    def as_view(cls: type, *names: str) -> Any:
        return framework.cors(policy)(parent.as_view.__func__(cls, *names))

    return type("Child", (parent,), {"as_view": classmethod(as_view)})


def around_decorated(policy: Any, framework: Framework) -> type:
    """Return a class whose views get the policy, over another one of `decorators`."""
    parent: Any = framework.view

    def as_view(cls: type, *names: str) -> Any:
        return framework.cors(policy)(parent.as_view.__func__(cls, *names))

    members = {"put": framework.make_method(), "decorators": [framework.cors(ANY)]}
    return type("View", (parent,), {**members, "as_view": classmethod(as_view)})


EVERYWHERE: Final = (
    subclass,
    earlier,
    mixin,
    other_method,
    on_entry,
    over_entry,
    over_mixin,
    below_mixin,
    entry_over_class,
)
