"""The few words that every room speaks: rule, judge, finding, outcome, tag path.

Nothing here reads a file, keeps state or knows how a result is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, overload

if TYPE_CHECKING:
    from auditor.collection import CollectionFacts
    from auditor.facts import InstanceFacts
    from auditor.reading.places import Element, Place

from auditor.standard.dictionary import tag_of

W = TypeVar("W", bound=StrEnum)

CATEGORIES: dict[str, str] = {
    "integrity": "File integrity",
    "deidentification": "De-identification",
    "private": "Private data",
    "iod": "IOD conformance",
    "segmentation": "Segmentation",
    "structured_report": "Structured reports",
    "radiotherapy": "Radiotherapy",
    "references": "References",
    "consistency": "Consistency",
    "annotation": "Annotation",
}
"""Category id to title, in the order in which a report shows them."""

FAMILIES: dict[str, str] = {
    "FILE": "integrity",
    "DEID": "deidentification",
    "PRIV": "private",
    "IOD": "iod",
    "SEG": "segmentation",
    "SR": "structured_report",
    "RT": "radiotherapy",
    "REF": "references",
    "CONS": "consistency",
    "ANNO": "annotation",
    "PIX": "deidentification",
    "FAIR": "annotation",
}
"""Letters that a rule id starts with, to the category that such a rule belongs to."""


class Severity(StrEnum):
    """How bad a finding is, were it true. Confidence is kept apart from it."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Order for comparison and sorting: 0 (info) to 2 (error)."""
        return list(Severity).index(self)

    @classmethod
    def of(cls, word: str) -> Severity:
        """Return the severity of a word in a result; one not known is the worst, not harmless."""
        return cls(word) if word in list(cls) else cls.ERROR


class Confidence(StrEnum):
    """How sure a rule is that what it found is true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Outcome(StrEnum):
    """What a rule says of one thing it looked at. Only `PASS` is a pass."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_EVALUATED = "not_evaluated"
    ERROR = "error"


class Scope(StrEnum):
    """How much a rule sees at once."""

    INSTANCE = "instance"
    COLLECTION = "collection"


class Unit(StrEnum):
    """What the numerator and the denominator of a rule count."""

    INSTANCE = "instance"
    SERIES = "series"
    STUDY = "study"
    PATIENT = "patient"
    FILE = "file"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True, order=True)
class TagPath:
    """Where an element stands: its tag with the tags of all sequences around it.

    Items are not numbered: findings are grouped by place, and a place is the same in
    every item. A private step names its element without the block number, which is an
    accident of the file (PS3.5 7.8.1).

    Examples
    --------
    >>> str(TagPath.of("SegmentSequence", "SegmentNumber"))
    '(0062,0002)/(0062,0004)'
    """

    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, *keywords: str) -> TagPath:
        """Build a path from keywords of PS3.6, outermost sequence first.

        Raises
        ------
        KeyError
            If a keyword is not in PS3.6.
        """
        return cls(tuple(format_tag(tag_of(keyword)) for keyword in keywords))

    def __truediv__(self, step: str) -> TagPath:
        return TagPath((*self.steps, step))

    def __str__(self) -> str:
        return "/".join(self.steps)


def format_tag(tag: int) -> str:
    """Write a tag, group in the high 16 bits, as the standard does: ``(0010,0010)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def parse_tag(step: str) -> int:
    """Return the tag that `format_tag` wrote, or that begins a step of a `TagPath`.

    Raises
    ------
    ValueError
        If it is of a private element with a creator, which is named without its block.
    """
    return int(step[1:5] + step[6:10], 16)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found wrong.

    Parameters
    ----------
    message
        What is wrong, in plain words and without any value from the file: it is printed,
        published and counted by its text, so equal defects must have equal messages.
    tag_path
        Where in the object; empty when the finding is not about one element.
    count
        Units that this finding stands for. An instance rule leaves it at 1; the engine
        counts. A collection rule says how many units of its own `Unit` it stands for.
    examples
        Paths inside the collection, at most a handful; only collection rules fill it.
    confidence
        Where it is not the rule's: a rule that reads several referees is surer of what
        both say. Findings of one message at one place have one confidence.
    series
        Of a collection rule: keyed hash of the Series Instance UID that it is about, so that
        `diff` and waivers can tell it from the same in another series. None where it is
        about no one series. An instance rule leaves it: the engine knows.
    """

    message: str
    tag_path: TagPath = field(default_factory=TagPath)
    count: int = 1
    examples: tuple[str, ...] = ()
    confidence: Confidence | None = None
    series: int | None = None

    def __post_init__(self) -> None:
        """Refuse what a report cannot print.

        Raises
        ------
        TypeError
            If a field is of another type, or `count` is below 1.
        """
        given: tuple[Any, ...] = (self.message, self.tag_path, self.count, *self.examples)
        kinds = (str, TagPath, int, *(str for _ in self.examples))
        if not isinstance(self.confidence, Confidence | None):
            raise TypeError("the confidence of a finding is a Confidence")
        if not isinstance(self.series, int | None):
            raise TypeError("the series of a finding is a keyed hash")
        if not all(map(isinstance, given, kinds)) or self.count < 1:
            raise TypeError("a finding is a message, a tag path, a count and paths")


@dataclass(frozen=True, slots=True)
class Undecided:
    """What an instance rule yields where it cannot know: with it, no finding is not a pass.

    Parameters
    ----------
    reason
        What cannot be known and why, in plain words and without any value from the file.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Selector:
    """Which objects a rule applies to, apart from what it checks.

    Parameters
    ----------
    sop_classes
        SOP Class UIDs; None for any. The reader keeps what the rule reads only for these.
    when
        A further test on the facts; it may read only what the rule declares.
    """

    sop_classes: frozenset[str] | None = None
    when: Callable[[InstanceFacts], bool] | None = None


ANY = Selector()


class Units(NamedTuple):
    """How many units a collection rule has to judge.

    Attributes
    ----------
    judged
        The denominator: units that the rule can judge.
    not_evaluated
        Units that it applies to but cannot judge from what was downloaded.
    reason
        Why it cannot, in plain words.
    failed
        How many of the judged fail, where one unit may be in several findings; None if the
        findings' counts add up to that.
    """

    judged: int
    not_evaluated: int = 0
    reason: str = ""
    failed: int | None = None


def for_sop_classes(*uids: str, when: Callable[[InstanceFacts], bool] | None = None) -> Selector:
    """Select objects by SOP Class UID (PS3.4 B.5), and by `when` if it is given."""
    return Selector(frozenset(uids), when)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A check with all that is said about it. Made by `rule`, never by hand."""

    id: str
    category: str
    severity: Severity
    confidence: Confidence
    scope: Scope
    unit: Unit
    reads: tuple[str, ...]
    reference: str
    applies: Selector | Callable[[CollectionFacts], Units]
    check: Callable[[Any], Iterable[Finding | Undecided]]
    doc: RuleDoc


@dataclass(frozen=True, slots=True)
class RuleDoc:
    """The docstring of a rule, by its fixed headings.

    `command` is what a common tool is told to mend it, or, where nothing but the source can, to
    show how far it reaches; a line each. Rules of one's own may do without.
    """

    title: str = ""
    why: str = ""
    fix: str = ""
    command: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Gives one distinct element a verdict class. Made by `judge`, never by hand.

    A judge runs once per distinct (tag path, VR, value), and its class, not the value,
    becomes part of what instance rules see.
    """

    name: str
    applies: Callable[[Place], bool]
    check: Callable[[Element], str | None]
    doc: str


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Compares elements of one object with each other. Made by `comparison`, never by hand.

    A judge sees one element and cannot tell whether another one says the same; a value that
    differs from slice to slice would make every slice a signature of its own. A comparison
    sees the elements that it asks for, of one object, and only the verdict classes that it
    gives some of them become part of what instance rules see.
    """

    name: str
    applies: Callable[[Place], bool]
    check: Callable[[Sequence[Element]], Iterable[tuple[Place, str]]]
    doc: str


Row = tuple[str, ...]
"""What a summary counts: a few words, none of them a value from a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Counts what there is, and judges nothing. Made by `summary`, never by hand.

    What it counts goes into a block of the result, which a report shows beside the verdicts:
    what is claimed, what was kept, whose private elements there are.
    """

    name: str
    category: str
    unit: Unit
    reads: tuple[str, ...]
    applies: Selector
    joined: bool
    count: Callable[[InstanceFacts], Iterable[Row]]
    doc: str


HEADINGS = {
    "why it matters": "why",
    "how to fix": "fix",
    "command": "command",
    "example": "example",
}


def parse_doc(text: str) -> RuleDoc:
    """Split a rule's docstring at its headings, which are those of `HEADINGS`.

    A heading is a line of its own, underlined with dashes. Of a command the lines stay lines.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    parts: dict[str, list[str]] = {"title": []}
    current = "title"
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        name = HEADINGS.get(line.lower())
        if name and following and not following.strip("-"):
            current = name
            parts[current] = []
        elif line and not line.strip("-"):
            continue
        else:
            parts[current].append(line)
    joined = {name: "\n" if name == "command" else " " for name in parts}
    return RuleDoc(**{name: joined[name].join(filter(None, body)) for name, body in parts.items()})


@overload
def rule(
    *,
    id: str,
    category: str,
    severity: str,
    confidence: str,
    reads: Iterable[str],
    reference: str,
    scope: Literal["instance"] = ...,
    unit: str = ...,
    applies: Selector = ...,
) -> Callable[[Callable[[InstanceFacts], Iterator[Finding | Undecided]]], Rule]: ...


@overload
def rule(
    *,
    id: str,
    category: str,
    severity: str,
    confidence: str,
    reads: Iterable[str],
    reference: str,
    scope: Literal["collection"],
    unit: str = ...,
    applies: Callable[[CollectionFacts], Units],
) -> Callable[[Callable[[CollectionFacts], Iterator[Finding | Undecided]]], Rule]: ...


def rule(
    *,
    id: str,
    category: str,
    severity: str,
    confidence: str,
    reads: Iterable[str],
    reference: str,
    scope: str = "instance",
    unit: str = "instance",
    applies: Selector | Callable[[CollectionFacts], Units] = ANY,
) -> Callable[[Callable[[Any], Iterator[Finding | Undecided]]], Rule]:
    """Make a rule of a generator of findings.

    Parameters
    ----------
    id
        Family letters and number, stable for ever: ``DEID101``.
    category
        One of `CATEGORIES`.
    severity, confidence
        ``info``, ``warning``, ``error``; ``low``, ``medium``, ``high``.
    reads
        All that the rule looks at. For an instance rule: keywords of PS3.6 (the attribute
        of the data set's top level with all that is in it; ``Sequence.Attribute`` for less),
        ``private`` (which private elements there are), ``content`` (the content tree of a
        structured report), ``judge:NAME``, ``file:FACT``, ``referee:NAME``. For a collection
        rule: ``TABLE.COLUMN``.
    reference
        The clause of the standard, or of what else is held to be right.
    scope
        ``instance`` or ``collection``.
    unit
        What is counted.
    applies
        For an instance rule a `Selector`. For a collection rule a function of its facts
        that returns the `Units` there are to judge.

    Raises
    ------
    ValueError
        If severity, confidence, scope or unit is not one of the words above, or `reads` is a
        text. Everything else is validated when a folder of rules is loaded.
    """

    def decorate(check: Callable[[Any], Iterator[Finding | Undecided]]) -> Rule:
        return Rule(
            id=id,
            category=category,
            severity=_word(Severity, "severity", severity),
            confidence=_word(Confidence, "confidence", confidence),
            scope=_word(Scope, "scope", scope),
            unit=_word(Unit, "unit", unit),
            reads=_names(reads),
            reference=reference,
            applies=applies,
            check=check,
            doc=parse_doc(check.__doc__ or ""),
        )

    return decorate


def _word(words: type[W], name: str, given: str) -> W:
    """Return a word of a closed list; whoever wrote another one is told which there are."""
    if given not in list(words):
        raise ValueError(f"{name} {given!r} is none of {', '.join(words)}")
    return words(given)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    """Return what is read; a text would be read letter by letter, and a letter is no attribute."""
    if isinstance(given, str):
        raise ValueError(f"reads must be a tuple: add a comma, ({given!r},)")
    return tuple(given)


def judge(
    *, name: str, applies: Callable[[Place], bool]
) -> Callable[[Callable[[Element], str | None]], Judge]:
    """Make a judge of a function from one element to a verdict class, or to None.

    Parameters
    ----------
    name
        What rules put after ``judge:`` in their `reads`.
    applies
        Whether the judge looks at elements of a place: gets the `Place` (tag path, VR,
        private creator), never a value, so that most elements cost nothing.
    """

    def decorate(check: Callable[[Element], str | None]) -> Judge:
        return Judge(name, applies, check, (check.__doc__ or "").strip())

    return decorate


def comparison(
    *, name: str, applies: Callable[[Place], bool]
) -> Callable[[Callable[[Sequence[Element]], Iterable[tuple[Place, str]]]], Comparison]:
    """Make a comparison of a function from elements to verdict classes.

    Parameters
    ----------
    name
        What rules put after ``judge:`` in their `reads`: to them it is a judge.
    applies
        Whether it wants the elements of a place: gets the `Place`, never a value.

    Notes
    -----
    The function gets the elements of one object in their order, items of sequences one after
    the other; of a sequence that it wants, an element without a value where each item begins.
    Of an object with very many it gets the first ones, and an element at `CUT_OFF` behind them
    if it wants that. It returns pairs of one of their places and a verdict class. It is asked
    about every object whose values differ: it has to be cheap.
    """

    def decorate(check: Callable[[Sequence[Element]], Iterable[tuple[Place, str]]]) -> Comparison:
        return Comparison(name, applies, check, (check.__doc__ or "").strip())

    return decorate


def summary(
    *,
    name: str,
    category: str,
    reads: Iterable[str],
    unit: str = "instance",
    applies: Selector = ANY,
    joined: bool = False,
) -> Callable[[Callable[[InstanceFacts], Iterable[Row]]], Summary]:
    """Make a summary of a generator of rows.

    Parameters
    ----------
    name
        By which a block of the result asks for it.
    category
        One of `CATEGORIES`: it is counted if a rule of that category runs.
    reads
        As of an instance rule, without referees.
    unit
        ``instance``: a row counts as often as it is yielded, in each object. ``series``: it
        counts once for each series in which an object has it.
    joined
        Whether collection rules may query it: the table ``counted`` has its rows, fields
        joined by ``|``, for each signature.

    Raises
    ------
    ValueError
        If the unit is none, or `reads` is a text. Everything else is validated when a folder of
        rules is loaded.
    """

    def decorate(count: Callable[[InstanceFacts], Iterable[Row]]) -> Summary:
        return Summary(
            name,
            category,
            Unit(unit),
            _names(reads),
            applies,
            joined,
            count,
            (count.__doc__ or "").strip(),
        )

    return decorate
