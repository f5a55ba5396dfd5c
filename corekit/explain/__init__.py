"""Explain why a page can read a response or not: what happens, in order, and how to fix it.

`explain` takes a policy and a page's fetch, and needs no server; `explain_outcome` takes how a
fetch to a live server ended. Both run only the browser model. Each module has one subject:

- `explanation`: what an explanation consists of, as text and as data;
- `call`: what makes a call cross-origin, and what makes it need a preflight;
- `serving`: the policy as a server, and the rule by which it responds;
- `steps`: what happens, in order;
- `policy_fixes`, `call_fixes`, `server_fixes`: what to change so that the fetch succeeds;
- `near_misses`: what almost matches;
- `errors`: each failure by name, and by what browsers' consoles print about it;
- `typed_origins`: an origin that a user typed;
- `explaining`: the two functions.
"""

from .errors import ERRORS, ErrorInfo, find_error
from .explaining import explain, explain_outcome
from .explanation import Explanation, Fix, NearMiss, Step, StepKind
from .typed_origins import read_origin

__all__ = [
    "ERRORS",
    "ErrorInfo",
    "Explanation",
    "Fix",
    "NearMiss",
    "Step",
    "StepKind",
    "explain",
    "explain_outcome",
    "find_error",
    "read_origin",
]
