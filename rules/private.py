"""Private data (PS3.5 7.8): whose it is, and whether the claim allows it."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Finding, InstanceFacts, Selector, TagPath, rule
from auditor.standard.private import is_known_creator

_HAS_PRIVATE = Selector(when=lambda instance: bool(instance.private()))


@rule(
    id="PRIV001",
    category="private",
    severity="error",
    confidence="high",
    reads=("private",),
    reference="PS3.5 7.8.1",
    applies=_HAS_PRIVATE,
)
def orphan(instance: InstanceFacts) -> Iterator[Finding]:
    """A private element has no private creator.

    Why it matters
    --------------
    Nobody can say what it holds: it can be neither used nor shown to be harmless. Tools that
    keep known-safe private elements cannot know this one.

    How to fix
    ----------
    Remove the element, or restore the creator that reserves its block, (gggg,0010) to
    (gggg,00FF).

    Example
    -------
    (0019,1008) without (0019,0010).
    """
    for path, creator in instance.private():
        if not creator:
            yield Finding("no private creator reserves its block", path)


@rule(
    id="PRIV002",
    category="private",
    severity="info",
    confidence="high",
    reads=("private",),
    reference="PS3.5 7.8",
    applies=_HAS_PRIVATE,
)
def by_creator(instance: InstanceFacts) -> Iterator[Finding]:
    """Which private creators' elements there are.

    Why it matters
    --------------
    Private elements hold what the public ones do not, for better (acquisition physics) and
    for worse (copies of identifiers). Whose they are is the first thing to know.

    How to fix
    ----------
    Nothing is wrong yet. Keep the known-safe elements of PS3.15 Table E.3.10-1, and remove
    what nobody can account for.

    Example
    -------
    Elements of `SIEMENS MR HEADER` in 300 of 300 instances.
    """
    for creator in sorted({creator for _, creator in instance.private()}):
        if not creator:
            yield Finding("private elements without a private creator")
        elif is_known_creator(creator):
            yield Finding(f"private elements of {creator}")
        else:
            # Anything can be written there, a name too: only its shape is known here.
            yield Finding(f"private elements of a creator that is not widely known ({creator})")


@rule(
    id="PRIV003",
    category="private",
    severity="warning",
    confidence="medium",
    reads=(
        "private",
        "PatientIdentityRemoved",
        "DeidentificationMethodCodeSequence.CodeValue",
    ),
    reference="PS3.15 E.3.10",
    applies=Selector(
        when=lambda instance: (
            instance.text("PatientIdentityRemoved") == "YES" and bool(instance.private())
        )
    ),
)
def kept_without_option(instance: InstanceFacts) -> Iterator[Finding]:
    """Private elements were kept although the declared method does not retain them.

    Why it matters
    --------------
    The Basic Profile removes all private elements; keeping the safe ones is an option with a
    code of its own, 113111. Without it nobody has said that these were looked at.

    How to fix
    ----------
    Remove the private elements, or keep only known-safe ones and add 113111 (Retain Safe
    Private Option) to De-identification Method Code Sequence (0012,0064).

    Example
    -------
    Patient Identity Removed YES, codes without 113111, and forty private elements.
    """
    codes = {
        item.text("CodeValue") for item in instance.items("DeidentificationMethodCodeSequence")
    }
    if "113111" not in codes:
        said = "the method codes lack 113111" if codes else "no method code says so"
        yield Finding(
            f"private elements were kept and {said}",
            TagPath.of("DeidentificationMethodCodeSequence"),
        )
