"""What the referees say of a collection as a whole: by IOD, by module, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.blocks import attribute_of
from auditor.conformance.panel import Reports
from auditor.conformance.vocabulary import REFEREES, agree
from auditor.model import TagPath, parse_tag
from auditor.result import ConformanceResult, Disagreement, IodResult, ModuleResult
from auditor.standard.iods import packaged_iods
from auditor.standard.sop_classes import MEDIA_STORAGE_DIRECTORY, iod_of, sop_class_name
from auditor.tally import Tally

STANDARD_ROOT = "1.2.840.10008."
"""Under which DICOM registers its UIDs (PS3.6 A); what is not under it is private."""

SHOWN = 20
"""Modules and disagreements that are kept, the most frequent first."""

OUTSIDE = "in no module of the IOD"


@dataclass(slots=True)
class _Module:
    clause: str
    files: int = 0
    defects: set[tuple[str, TagPath]] = field(default_factory=set)


def summarise(tally: Tally, reports: Mapping[bytes, Reports]) -> ConformanceResult:
    """Count what the referees say, in files.

    Parameters
    ----------
    tally
        Of the collection: which files have which structure.
    reports
        What each referee says of each structure, by its digest.
    """
    files: Counter[bytes] = Counter()
    cut_short = 0
    for each in tally.signatures.values():
        if each.structure is None:
            cut_short += each.count
        else:
            files[each.structure] += each.count
    made = ConformanceResult(structures=len(files), cut_short=cut_short)
    iods: dict[str, IodResult] = {}
    modules: dict[str, _Module] = {}
    alone: Counter[tuple[str, str, str]] = Counter()
    for digest, count in files.items():
        sop_class, said = tally.structures[digest].sop_class, reports[digest]
        judged = {name for name in REFEREES if name in said and said[name].status == "judged"}
        erring = {name for name in judged if said[name].errors}
        iod = iods.setdefault(sop_class, _iod(sop_class))
        iod.files += count
        iod.structures += 1
        if not judged:
            iod.unjudged += count
            kind = _foreign(sop_class)
            made.foreign[kind] = made.foreign.get(kind, 0) + count
            continue
        made.judged += count
        made.clean += 0 if erring else count
        iod.clean += 0 if erring else count
        if len(judged) == len(REFEREES) and not any(said[name].unshown for name in judged):
            made.both += count
            who = "both" if len(erring) == len(REFEREES) else "".join(erring) or "neither"
            made.verdicts[who] = made.verdicts.get(who, 0) + count
            for opinion in agree(said):
                if len(opinion.referees) == 1:
                    alone[opinion.kind, str(opinion.tag_path), opinion.referees[0]] += count
        _add_modules(modules, sop_class, said, count)
    named: dict[str, IodResult] = {}
    for iod in iods.values():
        known = named.setdefault(f"{iod.sop_class}/{iod.state}", iod)
        if known is not iod:
            known.add(iod)
    made.iods = sorted(named.values(), key=lambda iod: (-iod.files, iod.sop_class))
    worst = sorted(modules.items(), key=lambda item: (-item[1].files, item[0]))
    made.modules = [
        ModuleResult(name, each.clause, each.files, len(each.defects))
        for name, each in worst[:SHOWN]
    ]
    made.modules_left_out = max(0, len(worst) - SHOWN)
    most = sorted(alone.items(), key=lambda item: (-item[1], item[0]))
    made.disagreements = [
        Disagreement(kind, path, attribute_of(path), referee, count)
        for (kind, path, referee), count in most[:SHOWN]
    ]
    made.disagreements_left_out = max(0, len(most) - SHOWN)
    return made


def _iod(sop_class: str) -> IodResult:
    """Name a SOP Class by PS3.6; a private UID may tell whose it is, and is not shown."""
    iod = iod_of(sop_class)
    return IodResult(iod, sop_class_name(sop_class), "" if iod else _foreign(sop_class))


def _foreign(sop_class: str) -> str:
    """Return why a SOP Class has no IOD in the edition, or why nobody judged it though it has."""
    if not sop_class:
        return "none"
    if iod_of(sop_class):
        return "not judged"
    if sop_class == MEDIA_STORAGE_DIRECTORY:
        return "directory"
    if name := sop_class_name(sop_class):
        # PS3.6 names what is stored for it, retired or not; the rest are services.
        is_stored = "Storage" in name and "Commitment" not in name
        return "retired" if is_stored else "service"
    return "unknown" if sop_class.startswith(STANDARD_ROOT) else "private"


def _add_modules(modules: dict[str, _Module], sop_class: str, said: Reports, count: int) -> None:
    """Add the errors of one structure to the modules that they are in."""
    met: dict[str, set[tuple[str, TagPath]]] = {}
    clauses = _clauses(sop_class)
    for name in REFEREES:
        for error in said[name].errors if name in said else ():
            module = _module(sop_class, error.kind, error.tag_path, error.module)
            met.setdefault(module, set()).add((error.kind, error.tag_path))
    for module, defects in met.items():
        known = modules.setdefault(module, _Module(clauses.get(_folded(module), "")))
        known.files += count
        known.defects |= defects


def _clauses(sop_class: str) -> dict[str, str]:
    """Return the clause of PS3.3 of each module of an IOD, by its folded name."""
    iod = packaged_iods().iods.get(sop_class, {"modules": {}, "group_macros": {}})
    every = {**iod["modules"], **iod["group_macros"]}
    return {_folded(name): each["ref"] for name, each in every.items()}


def _folded(module: str) -> str:
    """Fold a name: dciodvfy writes GeneralSeries for General Series."""
    return "".join(filter(str.isalnum, module)).lower()


def _module(sop_class: str, kind: str, path: TagPath, said: str) -> str:
    """Return the module that an error is in: as the table writes it, else as the referee does.

    Where the referee names none, it is the first module of the IOD that has the attribute, or
    the outermost sequence around it.
    """
    table = packaged_iods()
    iod = table.iods.get(sop_class)
    if iod is None:
        return said or OUTSIDE
    if said:
        folded = _folded(said)
        names = (*iod["modules"], *iod["group_macros"])
        return next((name for name in names if _folded(name) == folded), said)
    if kind == "unexpected" or not path.steps:
        return OUTSIDE
    try:
        top = parse_tag(path.steps[0])
    except ValueError:  # a private attribute
        return OUTSIDE
    holding = (n for n, each in iod["modules"].items() if top in table.top_tags(each["ref"]))
    return next(holding, OUTSIDE)
