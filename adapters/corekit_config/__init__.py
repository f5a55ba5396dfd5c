"""Policies and guards outside the code: in files, in environment variables, at an import path.

The core does no I/O, so reading lives here. `CorsPolicy.from_mapping` validates what was read; this
package has no rules, only the dialects in which problems are written.
"""

from .environment import from_environ, guard_from_environ
from .errors import ConfigError, ConfigPolicyError
from .files import load_guard, load_policy, parse_policy
from .finding import find_policy, import_policy
from .refreshing import refresh, refresh_async
from .schema import policy_schema
from .watching import watch

__all__ = [
    "ConfigError",
    "ConfigPolicyError",
    "find_policy",
    "from_environ",
    "guard_from_environ",
    "import_policy",
    "load_guard",
    "load_policy",
    "parse_policy",
    "policy_schema",
    "refresh",
    "refresh_async",
    "watch",
]
