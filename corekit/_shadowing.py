"""Policies with a shadow: a candidate whose decisions are compared with theirs.

An engine with a shadow answers as without. Its answers are marked, so that an `Observer` passes
them to the shadow, which `corekit.shadow` implements.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ._reporting import check_callback
from .diagnostics import show
from .policy import CorsPolicy
from .routes import CorsRoutes

__all__ = ["SHADOWS", "add_shadow", "check_comparing"]


class Shadows:
    """Whether this process has had any shadow: without one, denials need not be compared.

    It stays so if the last candidate is removed, which costs each denial a look at its engine.
    """

    __slots__ = ("exist",)

    def __init__(self) -> None:
        self.exist = False


SHADOWS: Final = Shadows()


def add_shadow(policies: CorsPolicy | CorsRoutes, shadow: Any) -> CorsPolicy | CorsRoutes:
    """Return an equal policy, or equal routes, with the shadow.

    The policies themselves stay without, since they may be used elsewhere too.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> add_shadow(policy, object()) == policy
    True
    """
    SHADOWS.exist = True
    if isinstance(policies, CorsPolicy):
        return _copy(policies, shadow)
    # Routes compare their policies by identity.
    copies = {id(each): _copy(each, shadow) for _, each in policies.routes}
    return type(policies)((path, copies[id(each)]) for path, each in policies.routes)


def check_comparing(on_difference: object, sample: object) -> None:
    """Raise TypeError or ValueError unless these are arguments of a shadow.

    >>> check_comparing(None, 0)
    Traceback (most recent call last):
        ...
    ValueError: sample is 0. Pass a number above 0 and at most 1: the share of origins to compare.
    """
    check_callback(on_difference, "on_difference", "ShadowEvent")
    is_number = isinstance(sample, int | float) and not isinstance(sample, bool)
    if not is_number or not 0 < sample <= 1:  # type: ignore[operator]
        error = ValueError if is_number else TypeError
        raise error(
            f"sample is {show(sample)}. Pass a number above 0 and at most 1: the share of origins"
            " to compare."
        )


def _copy(policy: CorsPolicy, shadow: Any) -> CorsPolicy:
    engine = policy.engine.copy()
    engine.shadow = shadow
    engine.granted = replace(engine.granted, is_compared=True)
    return policy._with_engine(engine)
