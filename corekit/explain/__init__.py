"""Why a fetch is refused, or not: what happens, in order, and what to do about it.

`explain` takes a policy and what a page asks for, and needs no server; `explain_outcome` takes how
a fetch to a live server ended. Both run nothing but the browser model. One subject a file:

- `explanation`: what an explanation is made of, as text and as data;
- `causes`: why a call is cross-origin, and why it needs a preflight;
- `rules`: the policy as a server, and the rule by which it answers;
- `story`: the steps, in order;
- `mending`: what to change so that the fetch passes;
- `explaining`: the two functions, which put it all together.
"""

from .explaining import explain, explain_outcome
from .explanation import Explanation, Mend, NearMiss, Step

__all__ = [
    "Explanation",
    "Mend",
    "NearMiss",
    "Step",
    "explain",
    "explain_outcome",
]
