"""One row of the tables of problems: a code, a message and a hint.

A message is a sentence about the problem, a hint an instruction. Both are templates: ``{name}`` is
a parameter of the problem, ``{dialect.name}`` a text that depends on where the setting is written
(see `corekit.problems.Dialect`). A row without a hint has one that depends on the value, ``{use}``.
Several rows may share a code, which is stable and public. Which values are wrong is decided where
they are read. A row with `otherwise` has this hint if no fix is known.

Most problems are errors, which reject the configuration. A risk can be accepted. A value that is
useless and harmless is left out, with a warning.

The rows are in `_origin_problems` and `_setting_problems`.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

ERROR: Final = "error"
RISK: Final = "risk"
LEFT_OUT: Final = "left out"


class ProblemKind(Enum):
    """A row; each table is a subclass."""

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "{use}",
        effect: str = ERROR,
        otherwise: str = "",
    ) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.is_risk = effect == RISK
        self.is_left_out = effect == LEFT_OUT
        self.otherwise = otherwise
