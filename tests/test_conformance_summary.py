"""What the referees say of a collection as a whole."""

from __future__ import annotations

from auditor.conformance.panel import Reports
from auditor.conformance.summary import OUTSIDE, summarise
from auditor.conformance.vocabulary import DCIODVFY, DICOM_VALIDATOR, IodError, RefereeReport
from auditor.model import TagPath
from auditor.result import ConformanceResult, Disagreement, IodResult, ModuleResult
from auditor.standard.sop_classes import MEDIA_STORAGE_DIRECTORY
from auditor.tally import Seen, SignatureTally, Structure, Tally, Verdict

CT, PRIVATE, RETIRED = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", "1.2.840.10008.5.1.1.27"
FAILED = RefereeReport("error")
FOREIGN = RefereeReport("unknown_sop_class")


def error(keyword: str, module: str = "", kind: str = "missing", type: str = "1") -> IodError:
    return IodError(kind, TagPath.of(keyword), module, type)


def says(first: tuple[IodError, ...] | RefereeReport, second: tuple[IodError, ...] = ()) -> Reports:
    if isinstance(first, RefereeReport):
        return {DICOM_VALIDATOR: first, DCIODVFY: first}
    return {
        DICOM_VALIDATOR: RefereeReport("judged", first),
        DCIODVFY: RefereeReport("judged", second),
    }


def of(*given: tuple[str, int, Reports | None]) -> ConformanceResult:
    """Summarise structures of a SOP Class, each with its number of files; None: cut short."""
    tally, reports = Tally(), {}
    for number, (sop_class, count, said) in enumerate(given):
        digest = bytes([number])
        signature = SignatureTally(Verdict((), ()), digest if said else None)
        signature.series[1] = Seen(count, "a")
        tally.signatures[digest] = signature
        if said:
            tally.structures[digest] = Structure(sop_class, "a", "a")
            reports[digest] = said
    return summarise(tally, reports)


def test_what_one_was_not_shown_whole_is_not_compared() -> None:
    partly = RefereeReport("judged", unshown=(0x6002,))
    said = {**says((error("Modality"),)), DCIODVFY: partly}
    made = of((CT, 5, said), (CT, 1, says(())))
    assert (made.judged, made.clean, made.both) == (6, 1, 1)
    assert made.verdicts == {"neither": 1}
    assert made.disagreements == []


def test_of_nothing_it_says_nothing() -> None:
    assert of() == ConformanceResult()


def test_files_are_counted_by_who_finds_an_error() -> None:
    wrong = error("Modality", "General Series")
    made = of(
        (CT, 5, says((), ())),
        (CT, 4, says((wrong,), ())),
        (CT, 3, says((), (wrong,))),
        (CT, 2, says((wrong,), (wrong,))),
    )
    assert (made.structures, made.judged, made.clean, made.both) == (4, 14, 5, 14)
    assert made.verdicts == {
        "neither": 5,
        DICOM_VALIDATOR: 4,
        DCIODVFY: 3,
        "both": 2,
    }
    assert made.iods == [IodResult("CT Image", "CT Image Storage", "", 14, 4, 5, 0)]
    # What both say is no disagreement.
    assert made.disagreements == [
        Disagreement("missing", "(0008,0060)", "Modality", DICOM_VALIDATOR, 4),
        Disagreement("missing", "(0008,0060)", "Modality", DCIODVFY, 3),
    ]


def test_what_nobody_judged_is_neither_clean_nor_wrong() -> None:
    made = of(
        (PRIVATE, 2, says(FOREIGN)),
        ("1.2.3.5", 1, says(FOREIGN)),
        (RETIRED, 3, says(FOREIGN)),
        ("", 1, says(RefereeReport("no_sop_class"))),
        (MEDIA_STORAGE_DIRECTORY, 5, says(FOREIGN)),
        ("1.2.840.10008.1.1", 1, says(FOREIGN)),  # Verification
        (CT, 4, says(FAILED)),
        (CT, 6, None),
    )
    assert (made.judged, made.clean, made.both, made.cut_short) == (0, 0, 0, 6)
    assert made.foreign == {
        "private": 3, "retired": 3, "none": 1, "not judged": 4, "directory": 5, "service": 1,
    }  # fmt: skip
    # The two private SOP Classes are not named, and so are one line.
    states = {(iod.state, iod.files, iod.unjudged) for iod in made.iods}
    assert states == {
        ("private", 3, 3), ("retired", 3, 3), ("none", 1, 1), ("", 4, 4), ("directory", 5, 5),
        ("service", 1, 1),
    }  # fmt: skip


def test_one_referee_alone_can_disagree_with_nobody() -> None:
    alone = {
        DICOM_VALIDATOR: RefereeReport("judged", (error("Modality", "General Series"),)),
        DCIODVFY: RefereeReport("absent"),
    }
    made = of((CT, 2, alone))
    assert (made.judged, made.both, made.verdicts, made.disagreements) == (2, 0, {}, [])


def test_errors_are_counted_by_module_whoever_names_it_and_however() -> None:
    ours, theirs = error("Modality", "General Series"), error("Modality", "GeneralSeries")
    made = of(
        (CT, 2, says((ours,), (theirs,))),
        (CT, 3, says((), (error("PatientSex", kind="vr", type=""),))),
        (CT, 1, says((error("WaveformSequence", kind="unexpected", type=""),), ())),
    )
    assert made.modules == [
        ModuleResult("Patient", "C.7.1.1", 3, 1),
        ModuleResult("General Series", "C.7.3.1", 2, 1),
        ModuleResult(OUTSIDE, "", 1, 1),
    ]
