"""Why a fetch is refused, or not: what happens, in order, and what to do about it.

`explain` takes a policy and what a page asks for, and needs no server; `explain_outcome` takes how
a fetch to a live server ended. Both run nothing but the browser model. One subject a file:

- `explanation`: what an explanation is made of, as text and as data;
- `causes`: why a call is cross-origin, and why it needs a preflight;
- `rules`: the policy as a server, and the rule by which it answers;
- `story`: the steps, in order;
- `mending`, `mending_servers`: what to change so that the fetch passes;
- `near_origins`, `near_names`, `near_misses`: what is nearly right;
- `errors`, `console_messages`: each failure by name, and by what browsers' consoles say of it;
- `explaining`: the two functions, which put it all together.
"""

from .console_messages import MESSAGES, find_error
from .errors import ERRORS, ErrorInfo
from .explaining import explain, explain_outcome
from .explanation import Explanation, Fix, NearMiss, Step

__all__ = [
    "ERRORS",
    "MESSAGES",
    "ErrorInfo",
    "Explanation",
    "Fix",
    "NearMiss",
    "Step",
    "explain",
    "explain_outcome",
    "find_error",
]
