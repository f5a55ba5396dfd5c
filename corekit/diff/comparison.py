"""The result of a comparison: the differences, the most risky first, and the verdict on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .witnesses import Witness

_MOST_LINES: Final = 10


class Relation(Enum):
    """How the new policies relate to the old ones: by what pages may do with them.

    If one difference is wider and another cannot be determined, it is WIDER. If it cannot be
    determined whether the new policies allow all that the old ones did, it is NARROWER, or BOTH.
    """

    SAME = "same"
    NARROWER = "narrower"
    WIDER = "wider"
    BOTH = "both"
    UNKNOWN = "unknown"

    @property
    def widens(self) -> bool:
        """Whether pages may do more than before, or it cannot be determined that they may not."""
        return self in (Relation.WIDER, Relation.BOTH, Relation.UNKNOWN)


_SENTENCES: Final = {
    Relation.SAME: "The new policy allows the same as the old one.",
    Relation.NARROWER: "The new policy is narrower than the old one.",
    Relation.WIDER: "The new policy is wider than the old one.",
    Relation.BOTH: "The new policy is wider than the old one in part, and narrower in part.",
    Relation.UNKNOWN: "Whether the new policy is wider than the old one cannot be determined.",
}
_WIDER_AND_UNKNOWN: Final = (
    "The new policy is wider than the old one, and the rest cannot be determined."
)


class Direction(Enum):
    """Whether pages may do more because of a difference.

    It is UNKNOWN if they may. If they may do less, or as much, it is NARROWER, without a witness.
    """

    WIDER = "wider"
    UNKNOWN = "unknown"
    NARROWER = "narrower"
    NEUTRAL = "neutral"


class DifferenceKind(Enum):
    """What differs; the value is a stable code."""

    ORIGINS = "origins"
    CREDENTIALS = "credentials"
    METHODS = "methods"
    REQUEST_HEADERS = "request-headers"
    RESPONSE_HEADERS = "response-headers"
    PRIVATE_NETWORK = "private-network"
    MAX_AGE = "max-age"
    NEWLY_GOVERNED = "newly-governed"
    NO_LONGER_GOVERNED = "no-longer-governed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that pages may do with one of the policies, and not with the other.

    `paths` are the regions of paths in which they differ in this way; none if neither is a
    `CorsRoutes`. ``/api/`` is the path with everything below it that is not in another region,
    ``/api`` only the path, ``/api/*`` only what is below, ``/`` all other paths.
    `values` are the entries of the setting that make the difference: origins, methods, names of
    headers; `count` is how many there are, since of many origins only some are named. `witness` is
    a call that one of the policies allows and the other does not, None if nothing depends on it or
    it cannot be determined. The larger `risk`, the more it matters.
    """

    kind: DifferenceKind
    direction: Direction
    message: str
    paths: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    count: int = 0
    witness: Witness | None = None
    risk: int = 0

    @property
    def path(self) -> str | None:
        """The first region of paths, None without routes."""
        return self.paths[0] if self.paths else None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        return {
            "kind": self.kind.value,
            "direction": self.direction.value,
            "path": self.path,
            "paths": list(self.paths),
            "message": self.message,
            "values": list(self.values),
            "count": self.count,
            "witness": None if self.witness is None else self.witness.to_dict(),
            "risk": self.risk,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two policies differ: what matters most comes first."""

    differences: tuple[Difference, ...] = ()

    @property
    def relation(self) -> Relation:
        """Whether the new policies allow pages the same, less, more, or both."""
        found = {each.direction for each in self.differences}
        if Direction.WIDER in found:
            return Relation.BOTH if Direction.NARROWER in found else Relation.WIDER
        if Direction.UNKNOWN in found:
            return Relation.UNKNOWN
        return Relation.NARROWER if Direction.NARROWER in found else Relation.SAME

    @property
    def is_wider_and_unknown(self) -> bool:
        """Whether the relation is WIDER, and that of some differences cannot be determined."""
        has_unknown = any(each.direction is Direction.UNKNOWN for each in self.differences)
        return has_unknown and self.relation is Relation.WIDER

    @property
    def widens(self) -> bool:
        """Whether pages may do more than before, or it cannot be determined that they may not."""
        return self.relation.widens

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as a dict for JSON."""
        return {
            "relation": self.relation.value,
            "widens": self.widens,
            "differences": [each.to_dict() for each in self.differences],
        }

    def __str__(self) -> str:
        shown = self.differences[:_MOST_LINES]
        lines = [f"- {each.direction.value}: {each.message}" for each in shown]
        if len(self.differences) > len(shown):
            lines.append(f"- and {len(self.differences) - len(shown)} more differences")
        sentence = _SENTENCES[self.relation]
        if self.is_wider_and_unknown:
            sentence = _WIDER_AND_UNKNOWN
        return "\n".join([sentence, *lines])
