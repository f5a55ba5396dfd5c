"""What an expert would say of a policy that is valid: warnings, and notes that are good to know.

A warning is something to mend: it has no effect, or another one than it seems to have. A note may
be meant so. Nothing here keeps a policy from being built; what does is a `Problem` of the core.

- `values`: the advice itself;
- `of_policies`: rules that look at the policy alone;
- `of_apis`: rules that need to know where the API is served;
- `covering`: patterns that cover others;
- `reading`: origins and patterns as one sort of value.
"""

from collections.abc import Iterator
from itertools import chain

from corekit import CorsPolicy
from corekit._origins import Origin
from corekit.arguments import ARGUMENTS

from .of_apis import advise_for_api
from .of_policies import advise_on_policy
from .values import Advice, Severity

__all__ = ["Advice", "Severity", "find_advice"]


def find_advice(policy: CorsPolicy, api: Origin | None = None) -> list[Advice]:
    """Give all advice on a policy, warnings first, in the order of its arguments.

    `api` is the origin that the API itself is served from, where it is known.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["GET"])
    >>> [(advice.severity, advice.code) for advice in find_advice(policy)]
    [('warning', 'safelisted-method'), ('note', 'preflights-not-kept')]
    """
    found: Iterator[Advice] = advise_on_policy(policy, api)
    if api is not None:
        found = chain(found, advise_for_api(policy, api))
    order = list(ARGUMENTS)
    return sorted(found, key=lambda each: (each.severity == "note", order.index(each.field)))
