"""Policies that stand outside the code: in files, in the environment, at an import path.

The core does no I/O, so reading lives here. What is read is judged by `CorsPolicy.from_mapping`;
this package holds no rule of its own, and says what is wrong in the words of the place where it
stands.
"""

from .environment import from_environ
from .errors import ConfigError, ConfigPolicyError
from .files import load_policy, parse_policy
from .finding import find_policy
from .importing import import_policy
from .schema import policy_schema

__all__ = [
    "ConfigError",
    "ConfigPolicyError",
    "find_policy",
    "from_environ",
    "import_policy",
    "load_policy",
    "parse_policy",
    "policy_schema",
]
