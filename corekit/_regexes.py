"""The rules for regular expressions of origins: what is wrong belongs to the set, not to its text.

A regular expression is judged by the origins that it matches, exactly (`_origin_language`), so it
has the problems that a pattern of the same origins has. What is wrong is shown with an origin, and
a fix is only named if it has none of the problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from ._automata import TooManyStates, mask_of
from ._backtracking import Budget
from ._origin_kinds import Kind, automaton_of, pattern_source
from ._origin_language import Opening, OriginLanguage
from ._origins import OPAQUE, OriginPattern
from ._regex_syntax import Unreadable, read_roughly
from ._regex_tree import Chars, Choice, End, Node, Repeat, Sequence
from ._slow_regexes import ORDINARY_PATH, find_slow_word, longest_path
from ._validation import Reader
from .arguments import SETTINGS
from .diagnostics import show
from .problems import OriginProblem, ProblemKind

LONGEST_REGEX: Final = 10_000
"""In characters. Compiling and checking a longer regular expression takes noticeably long."""

_STEPS_PER_CHARACTER: Final = 10
"""What it takes to compile and read a repair."""

_STEPS_PER_STATE: Final = 20
"""What it takes to compare origins, for each state of the automaton of a regular expression."""

# No website has a host that is one label and ends in a hyphen: RFC 952, and RFC 1123, section 2.1.
_BEGINNING: Final = re.compile(r"https?://[a-z0-9_-]*-(?::[0-9]+)?")

_bare_dot = re.compile(r"(?<=[a-z0-9\]})+*])(?<!\\[a-z])\.(?=[a-z0-9]+(?:\\?\.|[:$)/]|\Z))")
_joined_domain = re.compile(r"((?:\.|\\w|\\d|\])[*+]\)?)(?=[a-z0-9-]+\\\.)")
_javascript = re.compile(r"/(.*)/[a-z]*", re.DOTALL).fullmatch
_open_end = re.compile(r"(?:(?:/\?)?(?:\.\*|\(\.\*\)|\.\+|\(\.\+\))\??)+\$?\Z")
_path = re.compile(r"\\?/(?:\.\*|\*)?\$?\Z")
_default_port = re.compile(r":(?:80|443)\b|\(:(?:80|443)\)\??")
_lower_case = re.compile(r"(?<!\\)[A-Z]+")
_http = re.compile(r"https\?|http\(s\)\?|\((?:\?:)?(?:https?\|)+https?\)|http(?!s)")
_is_loopback = re.compile(r"(?:localhost|127\\?\.0\\?\.0\\?\.1|\\\[::1\\?\])(?![a-z0-9.-])").match


class RegexError(ValueError):
    """A regular expression cannot be used: the kind of the `Problem`, and its parameters."""

    def __init__(self, kind: ProblemKind, **parameters: Any) -> None:
        super().__init__(kind.message.format(**parameters))
        self.kind = kind
        self.parameters = parameters


def compile_regex(regex: str | re.Pattern[str]) -> re.Pattern[str]:
    """Compile a regular expression, or return it if it is compiled.

    Raise `RegexError` if it does not compile or if it has more than 10,000 characters.

    >>> compile_regex("https://(")
    Traceback (most recent call last):
        ...
    corekit._regexes.RegexError: The regular expression does not compile: 'missing ), \
unterminated subpattern at position 8'.
    """
    length = len(regex if isinstance(regex, str) else regex.pattern)
    if length > LONGEST_REGEX:
        raise RegexError(OriginProblem.LONG_REGEX, length=length, longest=LONGEST_REGEX)
    try:
        return re.compile(regex)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as error:
        # A warning is an exception if the user turned warnings into errors.
        raise RegexError(OriginProblem.INVALID_REGEX, error=show(str(error))) from None


def compile_path_regex(regex: str | re.Pattern[str]) -> re.Pattern[str]:
    """Compile a regular expression for the beginning of paths, and judge it.

    Raise `RegexError` as `compile_regex` does, and if ordinary paths may take long to match.

    >>> compile_path_regex(r"^/api/(\\w+/?)+$")
    Traceback (most recent call last):
        ...
    corekit._regexes.RegexError: Paths of more than 20 characters may take very long to match. \
This is an upper bound, so they may also be fast.
    """
    found = compile_regex(regex)
    longest = longest_path(found)
    if longest == 0:
        raise RegexError(OriginProblem.UNKNOWN_COST)
    if longest is not None and longest < ORDINARY_PATH:
        raise RegexError(OriginProblem.SLOW_PATHS, longest=longest)
    return found


def may_match_path(regex: re.Pattern[str]) -> bool:
    """Return whether a regular expression may match the beginning of a path.

    Only the first character of the path is considered, which is a slash.

    >>> may_match_path(re.compile(r"^/api/")), may_match_path(re.compile(r"^api/"))
    (True, False)
    """
    with suppress(Unreadable):
        first, is_optional = _beginning_of(read_roughly(regex)[0])
        return is_optional or bool(first & mask_of("/"))
    return True


def _beginning_of(node: Node) -> tuple[int, bool]:
    """Return the characters with which a match may begin, and whether something may follow it.

    That is, whether it may match nothing. No path ends before its first character.
    """
    if isinstance(node, Chars):
        return node.mask, False
    if isinstance(node, Repeat):
        first, is_optional = _beginning_of(node.part)
        return first, is_optional or node.low == 0
    first = 0
    if isinstance(node, Sequence):
        for part in node.parts:
            more, is_optional = _beginning_of(part)
            first |= more
            if not is_optional:
                return first, False
        return first, True
    if isinstance(node, Choice):
        found = [_beginning_of(part) for part in node.parts]
        for more, _ in found:
            first |= more
        return first, any(is_optional for _, is_optional in found)
    return first, not isinstance(node, End)


class RegexReader(Reader):
    """Reads the arguments of a `RegexCorsPolicy`: regular expressions, and possibly no origins."""

    arguments = SETTINGS
    needs_origins = False

    def read_origin_regexes(self, name: str, value: object) -> tuple[re.Pattern[str], ...]:
        """Read regular expressions of origins, as strings or compiled."""
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            self.read_strings(name, value)  # reports the type
            return ()
        items = sorted(value, key=str) if isinstance(value, AbstractSet) else list(value)
        sources = [item.pattern if isinstance(item, re.Pattern) else item for item in items]
        regexes: list[re.Pattern[str]] = []
        for index, source in self.read_strings(name, sources):
            item = items[index]
            try:
                regex = compile_regex(item if isinstance(item, re.Pattern) else source)
            except RegexError as error:
                use = "Fix it, or use a pattern such as 'https://*.example.com'."
                self.report(error.kind, name, source, index=index, use=use, **error.parameters)
                continue
            regexes.append(regex)
            self._judge(name, index, regex)
        return tuple(dict.fromkeys(regexes))

    def _judge(self, name: str, index: int, regex: re.Pattern[str]) -> None:
        credentials = self._credentials
        budget = Budget()
        for finding in find_problems(regex, budget, credentials=credentials):
            parameters: dict[str, object] = {**finding.parameters}
            kind = finding.kind
            if not (kind.is_risk and kind.code in self._accepted):
                fix = choose_fix(
                    finding,
                    regex.pattern,
                    budget,
                    credentials=credentials,
                    accepted=self._accepted,
                )
                if fix is None:
                    use = kind.otherwise.format(dialect=self.dialect)
                else:
                    shown = self.dialect.show_regex(fix)
                    use = f"Use {shown}." if kind.is_risk else f"Did you mean {shown}?"
                parameters.update(fix=fix, use=use)
            if kind is OriginProblem.OPAQUE_REGEX_ORIGIN_WITH_CREDENTIALS:
                self._present_risks.add(kind.code)
            self.report(kind, name, regex.pattern, index=index, **parameters)


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of problem of a regular expression, and the parameters of its message.

    `repairs` yields regexes that may be what was meant.
    """

    kind: ProblemKind
    repairs: Callable[[str], Iterable[str]]
    parameters: Mapping[str, str]


def find_problems(
    regex: re.Pattern[str], budget: Budget | None = None, *, credentials: bool
) -> Iterator[Finding]:
    """Yield the problems of a regular expression, with the origins that prove them."""
    budget = budget or Budget()
    found: list[Finding] | None = None
    try:
        slow = find_slow_word(regex, budget)
    except (Unreadable, TooManyStates):
        # It is not tried on "null" either, which could take forever.
        yield _found(OriginProblem.UNKNOWN_ORIGIN_COST, _no_repairs)
        return
    if slow is not None:
        # It is not tried on origins, which could take just as long. The word is empty if a
        # look-around may cost too much before the first character.
        beginning = f"{slow}{slow[-1] * 3}" if slow else "https://"
        yield _found(OriginProblem.SLOW_REGEX, _repair_slow, origin=f"{beginning}...")
        return
    with suppress(Unreadable, TooManyStates):
        language = OriginLanguage.of_regex(regex)
        budget.charge(_STEPS_PER_STATE * len(language.automaton.edges))
        found = list(_judge(regex, language, credentials=credentials))
    if found is None:
        if regex.fullmatch(OPAQUE):
            yield _opaque(OPAQUE, credentials=credentials)
        if credentials:
            yield _found(OriginProblem.OPAQUE_REGEX, _no_repairs)
    yield from found or ()


def _judge(
    regex: re.Pattern[str], language: OriginLanguage, *, credentials: bool
) -> Iterator[Finding]:
    origin = language.find_any()
    if origin is None:
        yield _found(OriginProblem.UNMATCHED_REGEX, _repair_unmatched)
        return
    if _BEGINNING.fullmatch(origin) and language.find_outside([automaton_of(_BEGINNING)]) is None:
        yield _found(OriginProblem.BEGINNING_REGEX, _no_repairs, origin=origin)
        return
    missed = _missed_by_glob(regex)
    if missed is not None:
        yield _found(OriginProblem.GLOB_AS_REGEX, _repair_glob, origin=missed)
        return
    opaque = language.find(Kind.OPAQUE) or language.find(Kind.HOSTLESS)
    if opaque is not None:
        yield _opaque(opaque, credentials=credentials)
    if not credentials:
        return
    opening = language.find_open_site()
    if opening is not None and not opening.suffix:
        # No other problem is worse.
        yield _open(opening)
        return
    insecure = language.find_insecure()
    if insecure is not None:
        yield _found(OriginProblem.INSECURE_REGEX, _repair_insecure, origin=insecure)
    if opening is not None:
        yield _open(opening)
    app = language.find_open_app()
    if app is not None:
        yield _found(OriginProblem.ANY_EXTENSION, _no_repairs, origin=app)


def choose_fix(
    finding: Finding,
    source: str,
    budget: Budget | None = None,
    *,
    credentials: bool,
    accepted: Collection[str] = (),
) -> str | None:
    """Return the first repair that has no problem but risks that are accepted, or None.

    Repairs for which the budget does not suffice are left out.
    """

    budget = budget or Budget()

    def works(repaired: str) -> bool:
        budget.charge(_STEPS_PER_CHARACTER * len(repaired))
        if budget.left < 0:
            return False
        try:
            found = find_problems(compile_regex(repaired), budget, credentials=credentials)
        except RegexError:
            return False
        return all(each.kind.is_risk and each.kind.code in accepted for each in found)

    repairs = dict.fromkeys(finding.repairs(source))
    return next((each for each in repairs if each != source and works(each)), None)


def _found(
    kind: ProblemKind, repairs: Callable[[str], Iterable[str]], **parameters: str
) -> Finding:
    return Finding(kind, repairs, parameters)


def _opaque(origin: str, *, credentials: bool) -> Finding:
    if credentials:
        return _found(
            OriginProblem.OPAQUE_REGEX_ORIGIN_WITH_CREDENTIALS, _repair_opaque, origin=origin
        )
    return _found(OriginProblem.OPAQUE_REGEX_ORIGIN, _repair_opaque, origin=origin)


def _open(opening: Opening) -> Finding:
    if not opening.suffix:
        kind = OriginProblem.OPEN_REGEX if opening.is_any_site else OriginProblem.WIDE_REGEX
        return _found(kind, _repair_dots, origin=opening.origin)
    return _found(
        OriginProblem.PUBLIC_SUFFIX_REGEX,
        _repair_dots,
        origin=opening.origin,
        suffix=opening.suffix,
    )


def _missed_by_glob(regex: re.Pattern[str]) -> str | None:
    """Return an origin that the same text, read as a pattern, would match."""
    if OriginPattern.parse(regex.pattern) is None:
        return None
    meant = re.compile(pattern_source(regex.pattern))
    return OriginLanguage.of_regex(meant).find_outside([automaton_of(regex)])


def _no_repairs(_: str) -> Iterable[str]:
    return ()


def _repair_glob(source: str) -> Iterable[str]:
    return (pattern_source(source).replace("([a-z0-9_-]+\\.)+", r".*\."),)


def _repair_unmatched(source: str) -> Iterator[str]:
    javascript = _javascript(source)
    source = javascript[1] if javascript else source
    steps: list[Callable[[str], str]] = [
        str.strip,
        lambda text: _lower_case.sub(lambda match: match[0].lower(), text),
        lambda text: _path.sub("", text),
        lambda text: _default_port.sub("", text),
        lambda text: text if "://" in text.replace("\\", "") else _with_scheme(text.lstrip("^")),
    ]
    repaired = [source, *(step(source) for step in steps)]
    for step in steps:
        source = step(source)
        repaired.append(source)
    for each in repaired:
        yield _bare_dot.sub(r"\\.", each)
        yield each
    # It was written to match only the beginning.
    yield rf"{source.removesuffix('$')}\d+"


def _with_scheme(source: str) -> str:
    return f"{'http' if _is_loopback(source) else 'https'}://{source}"


def _repair_insecure(source: str) -> Iterator[str]:
    yield _http.sub("https", source)
    yield re.sub(r"\A\^?(?:\.[*+])", "https://.*", source)


def _repair_dots(source: str) -> Iterator[str]:
    escaped = _bare_dot.sub(r"\\.", source)
    yield escaped
    yield _joined_domain.sub(r"\1\.", escaped)
    yield _open_end.sub("", escaped)


def _repair_opaque(source: str) -> Iterator[str]:
    yield source.replace("*", "+")
    yield re.sub(r"\A\^?(?:\.[*+])", "https://.*", source)


def _repair_slow(source: str) -> Iterator[str]:
    # A label instead of any text between two dots.
    yield re.sub(r"(?<=\.)\.[*+](?=\\\.)", "[^.]+", source)
    yield re.sub(r"\((?:\?:)?\.[*+]\\\.\)[*+]", r"(.*\\.)?", source)
    yield source.replace(".*", "[^.]+").replace(".+", "[^.]+")
