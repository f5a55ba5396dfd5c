"""The difference between two policies: what may pages read with the one, and not with the other?

`compare()` answers as a reviewer would: by what changes for pages, not by what changes in the text.
Each module has one subject:

- `comparison`: the result, its differences and their kinds;
- `witnesses`: calls of pages, run through a policy and a browser's checks;
- `origins`: which origins one policy allows and the other does not;
- `risks`: which of them matter most;
- `grants`: methods, headers, credentials, on origins that both allow;
- `routes`: the regions of paths in which the policies are compared;
- `messages`: the sentence about each difference.

Only what a browser sends counts: the length of hosts and labels is not compared, nor methods or
headers that are named ``*``.
"""

from __future__ import annotations

from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .comparison import Comparison, Difference, DifferenceKind, Direction, Relation
from .routes import compare_regions
from .witnesses import Witness, is_allowed

__all__ = [
    "Comparison",
    "Difference",
    "DifferenceKind",
    "Direction",
    "Relation",
    "Witness",
    "compare",
    "is_allowed",
]


def compare(old: CorsPolicy | CorsRoutes, new: CorsPolicy | CorsRoutes) -> Comparison:
    """Return how `new` differs from `old`: policies, routes, or one of each.

    Raise TypeError for anything else; of a `LivePolicy`, pass its `policy`.

    Order, spelling, redundant entries, `preflight_status` and `accept_risks` make no difference. A
    difference is *wider* if pages may do more than before. If that cannot be determined, for
    example because of a new regular expression that cannot be read, it counts as wider:
    `Comparison.widens` is true. One that is removed counts as narrower.

    >>> old = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["PUT"])
    >>> comparison = compare(old, old.replace(allow_origins=["https://*.example.com"]))
    >>> print(comparison)
    The new policy is wider than the old one.
    - wider: A page at https://x.example.com (https://*.example.com) may now GET any path and read the response; before, it could not.
    >>> comparison.widens, comparison.differences[0].witness.origin
    (True, 'https://x.example.com')
    """  # noqa: E501 - a message is one line
    _check(old, "old")
    _check(new, "new")
    return Comparison(compare_regions(old, new))


def _check(policies: object, name: str) -> None:
    if isinstance(policies, CorsPolicy | CorsRoutes):
        return
    if isinstance(policies, type):
        raise TypeError(f"{name} is the class {policies.__name__}. Pass an instance.")
    hint = "Pass a CorsPolicy or a CorsRoutes."
    # Such as a LivePolicy or a guard.
    if isinstance(getattr(policies, "policy", None), CorsPolicy | CorsRoutes):
        hint = "Pass its policy, such as live.policy."
    raise TypeError(f"{name} is of type {type(policies).__name__}. {hint}")
