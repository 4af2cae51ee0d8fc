"""Rules of what is in the pixels of segmentations."""

from __future__ import annotations

from typing import Any

from auditor.standard.sop_classes import LABEL_MAP_SEGMENTATION, SEGMENTATION
from tests.rules.cases import (
    Case,
    Cases,
    each,
    fails,
    get_rule,
    not_applicable,
    not_evaluated,
    passes,
)

CT = "1.2.840.10008.5.1.4.1.1.2"


def looked(kind: str = "BINARY", said: str = "NO", **changed: Any) -> dict[str, Any]:
    """Return what a case shows of one segmentation that was looked at and is right."""
    sop_class = LABEL_MAP_SEGMENTATION if kind == "LABELMAP" else SEGMENTATION
    row = {
        "kind": kind,
        "overlap_said": said,
        "looked": 4,
        "empty": 0,
        "segments": 2,
        "empty_segments": 0,
        "overlap": "no" if kind == "BINARY" else "",
        "too_high": 0,
        "not_described": 0,
        "reason": "",
    }
    return {"instances": [{"SOPClassUID": sop_class}], "masks": [{**row, **changed}]}


NOT_LOOKED = (
    not_evaluated(instances=[{"SOPClassUID": SEGMENTATION}]),
    not_evaluated(**looked(looked=0, reason="more pixels than an audit looks at")),
    not_applicable(instances=[{"SOPClassUID": CT}]),
)

CASES: Cases = {
    "SEG301": (
        passes(**looked()),
        passes(**looked("FRACTIONAL")),
        fails(**looked(empty_segments=1, empty=2), at=["(0062,0002)"]),
        # Nothing at all is set: SEG302 says that.
        passes(**looked(empty_segments=2, empty=4)),
        # A label map may describe what is not in it (PS3.3 C.8.20.2.3.3).
        not_applicable(**looked("LABELMAP", empty_segments=1)),
        *NOT_LOOKED,
    ),
    "SEG302": (
        passes(**looked()),
        passes(**looked(empty=3)),
        fails(**looked(empty=4), at=["(7FE0,0010)"]),
        fails(**looked("LABELMAP", empty=4), at=["(7FE0,0010)"]),
        *NOT_LOOKED,
    ),
    "SEG303": (
        passes(**looked("FRACTIONAL")),
        passes(**looked("LABELMAP")),
        fails(**looked("FRACTIONAL", too_high=1), at=["(0062,000E)"]),
        fails(**looked("LABELMAP", not_described=1), at=["(0062,0002)/(0062,0004)"]),
        not_applicable(**looked("BINARY")),
        *NOT_LOOKED,
    ),
    "SEG304": (
        passes(**looked()),
        fails(**looked(overlap="yes"), at=["(0062,0013)"]),
        # What nobody denies is no contradiction.
        not_applicable(**looked(said="UNDEFINED", overlap="yes")),
        not_applicable(**looked("FRACTIONAL")),
        # More planes than are kept.
        not_evaluated(**looked(overlap="")),
        *NOT_LOOKED,
    ),
    "SEG305": (
        passes(**looked()),
        passes(**looked(empty=4)),
        fails(**looked(empty=1), at=["(5200,9230)"]),
        *NOT_LOOKED,
    ),
}


@each(CASES)
def test_case(rule_id: str, case: Case) -> None:
    case.check(rule_id)


def test_what_was_not_looked_at_is_no_pass() -> None:
    one = looked(empty=4)
    case = fails(instances=[*one["instances"], {"SOPClassUID": SEGMENTATION}], masks=one["masks"])
    assert case.ask(get_rule("SEG302")).counts == (1,)
