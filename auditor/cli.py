"""The command ``dicom-audit``: options and exit codes, nothing else."""

from __future__ import annotations

import io
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from auditor.exit_codes import FAILED, INCOMPLETE, USAGE

if TYPE_CHECKING:
    from auditor.diff import Diff
    from auditor.frames import Audit
    from auditor.gate import Decision, Limits
    from auditor.profile import Profile
    from auditor.registry import RuleSet
    from auditor.result import AuditResult, RuleResult
    from auditor.waivers import Waiver

PLACES = 5
"""Tag paths that are named where one was asked for that no finding has."""


def _say(message: str) -> None:
    click.echo(f"dicom-audit: {message}", err=True)


def _fail(message: str, code: int = USAGE) -> NoReturn:
    _say(message)
    sys.exit(code)


class _Commands(click.Group):
    """Ends with an exit code that tells the truth, and without a traceback.

    The text of an exception, and with it a traceback, can quote what is in a file.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            # Nobody reads on. What was to be said is not known to have been: not a verdict.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(INCOMPLETE)
        except KeyboardInterrupt:
            _fail("interrupted: the audit is not complete", INCOMPLETE)
        except OSError as error:
            why = error.strerror or "unknown reason"
            _fail(f"cannot be read or written: {why} ({_place_of(error)})", INCOMPLETE)
        except Exception as error:  # noqa: BLE001
            _fail(f"stopped by a defect of its own ({_place_of(error)})", INCOMPLETE)


def _place_of(error: Exception) -> str:
    """Return the type of an exception and the last line of this package that it went through."""
    import traceback

    package = Path(__file__).parent
    ours = [
        f"{Path(frame.filename).relative_to(package).as_posix()}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if package in Path(frame.filename).parents
    ]
    return " at ".join([type(error).__name__, *ours[-1:]])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="dicom-auditor", prog_name="dicom-audit")
@click.pass_context
def main(context: click.Context) -> None:
    """Audit downloaded collections of DICOM objects and print a scorecard."""
    from auditor.settings import SettingsError, read_settings

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks is no reason to end.
            stream.reconfigure(errors="backslashreplace")
    try:
        context.obj, options = read_settings(Path.cwd())
    except SettingsError as error:
        _fail(str(error))
    parameters = {each.name: each for one in main.commands.values() for each in one.params}
    for name, value in options.items():
        try:
            parameters[name].type_cast_value(context, value)
        except click.BadParameter as error:
            key = parameters[name].opts[0].removeprefix("--")
            _fail(f"{context.obj}: {key}: {error.message}")
    context.default_map = dict.fromkeys(main.commands, options)


def _limit(text: str) -> tuple[str, float]:
    from auditor.gate import LimitError, read_limit

    try:
        return read_limit(text)
    except LimitError as error:
        raise click.BadParameter(str(error)) from None


# Information says what there is: it cannot fail a gate.
severity_option = click.Choice(["warning", "error"])
rules_option = click.option(
    "--rules",
    "rule_folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder with more rules.",
)


@main.command(short_help="Audit folders, files, archives, or what an index lists.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Audit folder.")
@click.option(
    "--each",
    type=click.Path(path_type=Path),
    help="Every immediate subfolder of this folder is a collection.",
)
@click.option("--name", help="Name of the collection (one PATH only).")
@click.option("--repository", default="", help="Host that the collections belong to.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; all cores by default.")
@rules_option
@click.option("--select", multiple=True, metavar="ID|CATEGORY", help="Only these; repeatable.")
@click.option("--ignore", multiple=True, metavar="ID|CATEGORY", help="Not these; repeatable.")
@click.option("--profile", type=click.Path(path_type=Path), help="Weights and limits (TOML).")
@click.option(
    "--ocr",
    type=click.IntRange(min=0),
    default=0,
    metavar="IMAGES",
    help="Look for text in the pixels of so many images at most (extra `ocr`).",
)
@click.option(
    "--masks",
    type=click.IntRange(min=0),
    default=0,
    metavar="OBJECTS",
    help="Look at the pixels of so many segmentations at most.",
)
@click.option(
    "--twins",
    type=click.IntRange(min=0),
    default=0,
    metavar="IMAGES",
    help="Look whether so many images at most are the same under two patient IDs.",
)
@click.option("--fail-on", type=severity_option, help="Exit 1 if a rule of it or above fails.")
@click.option("--quiet/--no-quiet", help="Print nothing but problems.")
@click.option("--show-values/--no-show-values", help="Write values unredacted. May show persons.")
@click.pass_obj
def scan(
    settings: str,
    paths: tuple[Path, ...],
    out: Path,
    each: Path | None,
    name: str | None,
    repository: str,
    jobs: int | None,
    rule_folders: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    profile: Path | None,
    ocr: int,
    masks: int,
    twins: int,
    fail_on: str | None,
    quiet: bool,
    show_values: bool,
) -> None:
    """Audit collections: one per PATH (folder, file, .zip, .tar, .tar.gz).

    `idc:` is all collections of the NCI Imaging Data Commons, and `idc:NAME` one of them, judged
    from the index of the repository without a download (extra `idc`).
    """
    from auditor.scanning import Scan, Wanted
    from auditor.sources import printable
    from auditor.workers import Job

    if each is not None:
        if paths:
            _fail("give either PATHs or --each, not both")
        _keep_apart(out, each, rule_folders, settings)
        paths = _each(each)
    if not paths:
        _fail("give at least one PATH, or --each FOLDER")
    if name and len(paths) > 1:
        _fail("--name names one collection; there are several")
    for path in paths:
        _keep_apart(out, path, rule_folders, settings)
    if ocr:
        from auditor.ocr import is_available

        if not is_available():
            _fail("--ocr needs the extra `ocr`: pip install '.[ocr]' in a clone")
    if show_values:
        click.secho(
            "WARNING: --show-values writes values as they are. The audit may identify persons: "
            "do not publish it.",
            err=True,
            bold=True,
            fg="red",
        )
    rules, used = _rules_and_profile(rule_folders, select, ignore, profile)
    # Names are printed and written: what a shell lets through must not reach a terminal.
    named, repository = printable(name or ""), printable(repository)
    indexed = _indexed(paths, bool(name or ocr or masks or twins or show_values))
    ids, key = tuple(rule.id for rule in rules.rules), _key()
    scanning = Scan(out, rules, used, jobs, _command_line(click.get_current_context()), quiet)
    with _ends(out):
        if indexed is None:
            job = Job(rules.folders, ids, key, show_values, ocr, masks, twins)
            wanted = [Wanted(path, named, repository) for path in paths]
            result = scanning.files(wanted, job, _say)
        else:
            result = scanning.index(indexed, repository, key)
    if not quiet:
        from auditor.terminal import summarise

        summarise(result, out)
    from auditor.gate import Limits
    from auditor.model import Severity

    _decide([result], Limits(Severity(fail_on) if fail_on else None), used.unreadable_share)


def _indexed(paths: tuple[Path, ...], for_files: bool) -> list[str] | None:
    """Return the collections of an index that are to be audited; None if it is files."""
    from auditor.sources import SourceError
    from auditor.sources.idc import asked

    try:
        names = asked(paths)
    except SourceError as error:
        _fail(str(error))
    if names is not None and for_files:
        _fail("an index has its own names, and neither pixels nor values to show")
    return names


def _each(folder: Path) -> tuple[Path, ...]:
    """Return the collections in a folder, and say what is none."""
    from auditor.sources import SourceError, each_collection, printable
    from auditor.words import agree, plural

    try:
        paths = tuple(each_collection(folder))
    except SourceError as error:
        _fail(str(error), INCOMPLETE if folder.is_dir() else USAGE)
    left_out = len(list(folder.iterdir())) - len(paths)
    if left_out:
        is_none = agree(left_out, "is", "are")
        _say(
            f"{plural(left_out, 'entry')} of {printable(folder.name)} {is_none} no collection "
            f"(files, hidden folders, links) and {is_none} not audited"
        )
    if not paths:
        _fail(f"no subfolder to audit: {printable(str(folder))}", INCOMPLETE)
    return paths


def _keep_apart(out: Path, audited: Path, rule_folders: tuple[Path, ...], settings: str) -> None:
    """Refuse to write into what is audited, and to let it say how it is audited.

    A download may hold a configuration, and a configuration may name code to run.
    """
    if _is_inside(out, audited) or _is_inside(audited, out):
        _fail("the audit folder and the audited collection must not be inside each other")
    if settings and _is_inside(Path.cwd(), audited):
        _fail(f"{settings} is inside the audited collection: start from another folder")
    if any(_is_inside(folder, audited) for folder in rule_folders):
        _fail("a folder of rules must not be inside the audited collection")


def _is_inside(inner: Path, outer: Path) -> bool:
    # Not Path.resolve, which raises where links go in a circle.
    real, around = (Path(os.path.realpath(each)) for each in (inner, outer))
    return real == around or around in real.parents


def _rules_and_profile(
    folders: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    profile: Path | None,
) -> tuple[RuleSet, Profile]:
    from auditor.profile import ProfileError
    from auditor.registry import RegistryError

    try:
        every = _load_rules(folders)
        rules = every.only(_at_commas(select), _at_commas(ignore))
        used = _read_profile(profile, {rule.id for rule in every.rules})
    except (RegistryError, ProfileError) as error:
        _fail(str(error))
    if not rules.rules:
        _fail("--select and --ignore leave no rule")
    return rules, used


def _read_profile(path: Path | None, rule_ids: set[str]) -> Profile:
    from auditor.paths import profiles_folder
    from auditor.profile import read_profile

    return read_profile(path or profiles_folder() / "default.toml", rule_ids)


def _load_rules(folders: tuple[Path, ...]) -> RuleSet:
    from auditor.paths import rules_folder
    from auditor.registry import load

    return load([rules_folder(), *folders])


def _at_commas(names: tuple[str, ...]) -> list[str]:
    return [part.strip() for name in names for part in name.split(",") if part.strip()]


def _key() -> bytes:
    from auditor.redaction import WeakKeyError, audit_key

    try:
        return audit_key()
    except WeakKeyError as error:
        _fail(str(error))


@contextmanager
def _ends(out: Path) -> Iterator[None]:
    """End with one line where a scan cannot be done or written."""
    from auditor.scanning import NothingToAuditError
    from auditor.sources import SourceError
    from auditor.store import StoreError
    from auditor.workers import WorkersError

    try:
        yield
    except NothingToAuditError as error:
        sys.exit(error.code)  # What cannot be opened was said by name.
    except (SourceError, StoreError) as error:
        _fail(str(error))
    except WorkersError as error:
        _fail(f"{error}: use --jobs 1", INCOMPLETE)
    except OSError as error:
        _fail(_cannot_write(out, error), INCOMPLETE)


def _command_line(context: click.Context) -> str:
    """Return how a command was called, as far as the result depends on it.

    Of each path it has the last part: where it lies is private.
    """
    import shlex

    from auditor.sources import printable

    said = ["dicom-audit", str(context.info_name)]
    for parameter in context.command.params:
        name = str(parameter.name)
        is_default = context.get_parameter_source(name) is click.core.ParameterSource.DEFAULT
        if is_default or name in ("out", "jobs", "quiet"):
            continue
        given = context.params[name]
        option = next((each for each in parameter.opts if each.startswith("--")), "")
        if isinstance(parameter, click.Option) and parameter.is_flag:
            said.append(option if given else parameter.secondary_opts[0])
            continue
        for each in given if isinstance(given, tuple) else (given,):
            text = each.absolute().name if isinstance(each, Path) else str(each)
            said += [option, printable(text)] if option else [printable(text)]
    return shlex.join(said)


def _cannot_write(path: Path, error: OSError) -> str:
    from auditor.sources import printable

    return f"{printable(str(path))}: cannot be written ({error.strerror or type(error).__name__})"


def _decide(
    results: list[AuditResult],
    limits: Limits,
    unreadable_share: float,
    diff: Diff | None = None,
    *,
    close: bool = False,
) -> NoReturn:
    from auditor.gate import decide
    from auditor.view import clean

    decision = decide(results, limits, unreadable_share, diff)
    for reason in decision.reasons:
        _say(clean(reason))  # a result may come from elsewhere
    if close:
        click.echo(_closing(results, decision))
    sys.exit(decision.code)


def _closing(results: list[AuditResult], decision: Decision) -> str:
    """Return the last line of a gate: what it decided, about how much."""
    from auditor.view import verdict_of
    from auditor.words import number, plural

    collections = [each for result in results for each in result.collections]
    about, reasons = plural(len(collections), "collection"), len(decision.reasons)
    if decision.code == FAILED:
        return f"fail: {about}; {plural(reasons, 'reason')}"
    if reasons:
        return f"incomplete: {about}; nothing fails, {plural(reasons, 'thing')} cannot be known"
    undecided = sum(bool(verdict_of(each).gaps) for each in collections)
    said = f"; {number(undecided)} of them could not be judged in full" if undecided else ""
    return f"pass: {about}{said}"


def _read(out: Path) -> AuditResult:
    from auditor.result import ResultError, read_result
    from auditor.sources import printable

    try:
        return read_result(out / "result.json" if out.is_dir() else out)
    except ResultError as error:
        _fail(f"{printable(str(out))}: {error}")


waivers_option = click.option(
    "--waivers", type=click.Path(path_type=Path), help="Findings that are accepted (TOML)."
)


def _formats(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    from auditor.formats import FORMATS

    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(FORMATS)}")
    return names


@main.command(short_help="Write an audit in other formats.")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "forms",
    default="html",
    show_default=True,
    metavar="FORMAT,...",
    callback=_formats,
    help="html, json, sarif, junit, markdown, csv, parquet, multiqc, codequality.",
)
@click.option(
    "-o",
    "--out",
    "into",
    type=click.Path(path_type=Path),
    help="Folder to write into, beside the result by default; - prints one format.",
)
@waivers_option
@click.option("--only", metavar="NAME", help="Of this collection alone; needs -o.")
def report(
    out: Path, forms: tuple[str, ...], into: Path | None, waivers: Path | None, only: str | None
) -> None:
    """Write an audit in other formats; json is printed unless a folder is given."""
    from auditor.formats import FORMATS

    result = _waived(_load(out), waivers) if waivers else _read(out)
    if only is not None:
        # Beside the result lies the report of all: one of some must not take its place.
        if into is None:
            _fail("--only NAME needs -o FOLDER, or -o - to print")
        result = _only(result, only)
    beside = out if out.is_dir() else out.parent
    for name in forms:
        form = FORMATS[name]
        written = form.report(result)
        if into == Path("-") or (name == "json" and into is None):
            if len(forms) > 1 and into is not None:
                _fail("one format alone can be printed")
            click.echo(written, nl=False)
        else:
            _put(into or beside, form.file("report"), written, made=True)


@main.command(short_help="List the files that a finding is of.")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("rule_id", metavar="RULE")
@click.option("--tag-path", default="", help="Of the findings at this place alone.")
@click.option("--only", metavar="NAME", help="Of this collection alone.")
def files(out: Path, rule_id: str, tag_path: str, only: str | None) -> None:
    """List the files that a rule found something in, one a line, for a command that mends them.

    A path begins where its collection does. Without --only a path of an audit of several
    collections has the collection's name in front, and REPOSITORY/NAME where several have that.
    """
    from auditor.result import ResultError

    audit = _load(out)
    rule_id = rule_id.upper()
    wanted = audit.result if only is None else _only(audit.result, only)
    known = [rule for each in wanted.collections for rule in each.rules if rule.id == rule_id]
    if not known:
        _fail(f"the audit has no rule {rule_id}")
    if not any(rule.findings for rule in known):
        _say(f"{rule_id} has no finding: {_outcomes(known)}")
    elif tag_path:
        tag_path = _place_meant(tag_path, known)
    try:
        if known[0].scope == "collection":
            found = _files_of_collections(wanted, rule_id, tag_path)
        else:
            columns = ["repository", "collection", "path"]
            rows = audit.files(rule_id, tag_path)[columns].drop_duplicates()
            found = list(rows.itertuples(index=False, name=None))
    except ResultError as error:
        _fail(str(error))
    chosen = {(each.repository, each.name) for each in wanted.collections}
    names = [each.name for each in audit.result.collections]
    for repository, name, path in found:
        if (repository, name) in chosen:
            shown = name if names.count(name) == 1 else f"{repository}/{name}"
            # Of one collection a command runs where it is, whatever folder holds that.
            click.echo(f"{shown}/{path}" if only is None and len(names) > 1 else path)


def _outcomes(rules: list[RuleResult]) -> str:
    """Return what became of a rule: nothing found is a pass only where it looked."""
    from auditor.words import plural

    outcomes = Counter(rule.outcome.replace("_", " ") for rule in rules)
    return ", ".join(
        f"{outcome} in {plural(count, 'collection')}" if len(rules) > 1 else outcome
        for outcome, count in sorted(outcomes.items())
    )


def _place_meant(given: str, rules: list[RuleResult]) -> str:
    """Return the tag path of a rule's findings that is meant: brackets and capitals are optional.

    A place that no finding has is refused: who mends file by file would take silence for done.
    """
    from auditor.sources import printable

    places = {finding.tag_path for rule in rules for finding in rule.findings} - {""}
    if given in places:
        return given
    for place in sorted(places):
        if _bare(place) == _bare(given):
            return place
    shown = [printable(place) for place in sorted(places)]
    has = ", ".join(shown[:PLACES]) if shown else "no places"
    more = f" and {len(shown) - PLACES} more" if len(shown) > PLACES else ""
    _fail(f"{rules[0].id} has no finding at {printable(given)}; it has {has}{more}")


def _bare(tag_path: str) -> str:
    return re.sub(r"[()\s]", "", tag_path).casefold()


def _files_of_collections(
    result: AuditResult, rule_id: str, tag_path: str
) -> list[tuple[str, str, str]]:
    """Return the files that a rule about a collection found something in, if all are known."""
    from auditor.words import plural, unit_word

    found = []
    explained = f"its examples are in the report, and `dicom-audit explain {rule_id}` tells more"
    for each in result.collections:
        rule = next((rule for rule in each.rules if rule.id == rule_id), None)
        findings = rule.findings if rule is not None else []
        for finding in findings:
            if tag_path not in ("", finding.tag_path):
                continue
            assert rule is not None
            if rule.unit not in ("file", "instance"):
                _fail(
                    f"{rule_id} counts {plural(2, unit_word(rule.unit))[2:]} and not files: "
                    f"{explained}"
                )
            if len(finding.examples) > finding.count:
                _fail(f"{rule_id} compares files, and the audit kept pairs of them: {explained}")
            if len(finding.examples) < finding.count:
                _fail(
                    f"the audit kept {len(finding.examples)} of the "
                    f"{plural(finding.count, 'file')} that {rule_id} found: {explained}"
                )
            found += [(each.repository, each.name, path) for path in finding.examples]
    return sorted(set(found))


def _only(result: AuditResult, name: str) -> AuditResult:
    """Keep the collections of a name, which is ``REPOSITORY/NAME`` where one name is not enough."""
    from dataclasses import replace

    from auditor.sources import printable

    kept = [
        each for each in result.collections if name in (each.name, f"{each.repository}/{each.name}")
    ]
    if not kept:
        _fail(f"--only: the audit has no collection {printable(name)}")
    if len(kept) > 1:
        _fail(f"--only: several are called {printable(name)}: give REPOSITORY/NAME")
    return replace(result, collections=kept)


@main.command(short_help="Tell what is new, fixed and unchanged between two audits.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "forms",
    default="markdown",
    show_default=True,
    metavar="FORMAT,...",
    callback=_formats,
    help="The formats of report.",
)
@click.option(
    "-o",
    "--out",
    "into",
    type=click.Path(path_type=Path),
    help="Folder to write into; without it one format is printed.",
)
@waivers_option
def diff(
    old: Path, new: Path, forms: tuple[str, ...], into: Path | None, waivers: Path | None
) -> None:
    """Tell what is new, fixed and unchanged from one audit to another."""
    from auditor.diff import compare as changes
    from auditor.formats import FORMATS
    from auditor.result import ResultError

    if into is None and len(forms) != 1:
        _fail("one format alone can be printed: give --out FOLDER")
    before, after = _load(old), _load(new)
    try:
        made = changes(before, after, _read_waivers(waivers, before, after), _today())
    except ResultError as error:
        _fail(str(error))
    for name in forms:
        written = FORMATS[name].diff(made)
        if into is None:
            click.echo(written, nl=False)
        else:
            _put(into, FORMATS[name].file("diff"), written, made=True)


def _put(folder: Path, name: str, written: bytes, *, made: bool = False) -> None:
    """Write a file; of a name that is made up here, what was written before is replaced."""
    path = folder / name

    def write() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if made:
            # A link goes, and not what it leads to.
            path.unlink(missing_ok=True)
        path.write_bytes(written)

    _written(write, path, made=made)


def _today() -> date:
    return datetime.now(UTC).date()


def _load(out: Path) -> Audit:
    from auditor.frames import load
    from auditor.result import ResultError
    from auditor.sources import printable

    try:
        return load(out)
    except ResultError as error:
        _fail(f"{printable(str(out))}: {error}")


def _read_waivers(path: Path | None, *audits: Audit) -> tuple[Waiver, ...]:
    from auditor.waivers import WaiverError, read_waivers

    if path is None:
        return ()
    known = {
        rule.id
        for audit in audits
        for collection in audit.result.collections
        for rule in collection.rules
    }
    try:
        return read_waivers(path, known | {rule.id for rule in _load_rules(()).rules})
    except WaiverError as error:
        _fail(str(error))


def _waived(audit: Audit, path: Path) -> AuditResult:
    """Return the result with its waivers, and warn of those that do nothing."""
    from auditor.result import ResultError
    from auditor.sources import printable
    from auditor.waivers import apply, warnings

    try:
        result = apply(audit, _read_waivers(path, audit), _today())
    except ResultError as error:
        _fail(str(error))
    for line in warnings(result):
        _say(printable(f"warning: {line}"))
    return result


@main.command("deid-diff", short_help="Tell what de-identification did to each element.")
@click.argument("original", type=click.Path(path_type=Path))
@click.argument("released", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    "into",
    type=click.Path(path_type=Path),
    help="Folder for deid-diff.json and deid-diff.html.",
)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="CSV with the columns original and released: SOP Instance UIDs, or paths.",
)
@click.option("--quiet/--no-quiet", help="Print nothing but problems.")
def deid_diff(
    original: Path, released: Path, into: Path | None, mapping: Path | None, quiet: bool
) -> None:
    """Compare a collection with its de-identified release: what was done to each element."""
    import json

    from auditor.deid_diff import MappingError, compare_release, read_mapping
    from auditor.deid_diff.show import deid_page, print_deid_diff
    from auditor.model import Judge
    from auditor.progress import progress
    from auditor.provenance import tool_version
    from auditor.sources import SourceError, open_source, printable

    for path in (original, released):
        if into is not None and (_is_inside(into, path) or _is_inside(path, into)):
            _fail("the folder to write and what is compared must not be inside each other")
    look = _load_rules(()).judges["confidentiality"]
    assert isinstance(look, Judge)
    key = _key()
    try:
        lines = read_mapping(mapping) if mapping else []
        with ExitStack() as stack:
            sides = [stack.enter_context(open_source(path)) for path in (original, released)]
            with progress(quiet, None) as shown:
                found = compare_release(
                    *sides,
                    look=look.check,
                    key=key,
                    version=tool_version(),
                    mapping=lines,
                    step=shown.files,
                )
    except MappingError as error:
        _fail(f"--mapping: {error}")
    except SourceError as error:
        there = all(os.access(path, os.F_OK) for path in (original, released))
        _fail(str(error), INCOMPLETE if there else USAGE)
    if into is not None:
        written = json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n"
        _put(into, "deid-diff.json", written.encode())
        _put(into, "deid-diff.html", deid_page(found).encode())
    if not quiet:
        print_deid_diff(found)
        if into is not None:
            click.echo(f"report: {printable(str(into / 'deid-diff.html'))}")
    sys.exit(found.code)


@main.command()
@click.argument("outs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    "page",
    required=True,
    type=click.Path(path_type=Path),
    help="HTML file to write.",
)
def compare(outs: tuple[Path, ...], page: Path) -> None:
    """Write a page that lays audits side by side."""
    from auditor.render import write_comparison

    results = [_read(out) for out in outs]
    _written(lambda: write_comparison(results, page), page)


@main.command(short_help="Tell what collections have beyond images.")
@click.argument("outs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", "file", type=click.Path(path_type=Path), help="File to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "csv", "json"]),
    default="html",
    show_default=True,
    help="Of the file; csv and json are printed without one.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="CSV with a column dataset and the study's flags, to be compared with.",
)
@click.option(
    "--describe",
    type=click.Path(path_type=Path),
    help="TOML with a table for each collection, as in its collection.toml.",
)
def survey(
    outs: tuple[Path, ...],
    file: Path | None,
    form: str,
    against: Path | None,
    describe: Path | None,
) -> None:
    """Tell what collections have beyond images, and which a study could use."""
    from dataclasses import replace

    from auditor.description import DescriptionError, parse_descriptions
    from auditor.files import read_text
    from auditor.survey import SurveyError, lay_beside
    from auditor.survey import survey as survey_of
    from auditor.survey_view import print_survey, repeated, survey_csv, survey_json, survey_page

    if file is None and form == "html":
        _fail("give --out FILE, or another --format")
    try:
        stated = parse_descriptions(read_text(describe).encode()) if describe else {}
        made = survey_of([_read(out) for out in outs], stated)
        if against is not None:
            made = replace(made, against=lay_beside(made, against))
    except DescriptionError as error:
        _fail(f"--describe: {error}")
    except SurveyError as error:
        _fail(f"--against: {error}")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"--describe: cannot be read ({type(error).__name__})")
    if said := repeated(made):
        _say(f"warning: {said}")
    written = {"html": survey_page, "csv": survey_csv, "json": survey_json}[form](made)
    if file is None:
        click.echo(written, nl=False)
    else:
        _put(file.parent, file.name, written)
        print_survey(made)
    if not made.rows:
        _fail("there is no collection in what was given", INCOMPLETE)


def _written(write: Callable[[], None], path: Path, *, made: bool = False) -> None:
    if not made and path.is_file() and not _is_ours(path):
        _fail(f"{path.name}: is there already, and no page of ours")
    try:
        write()
    except OSError as error:
        _fail(_cannot_write(path, error))
    click.echo(str(path))


def _is_ours(path: Path) -> bool:
    """Whether a file may be replaced: a page, a survey, or JSON that names one of our schemas."""
    with path.open("rb") as file:
        head = file.read(256)
    return (
        b'<meta name="generator" content="dicom-auditor">' in head
        or b'"schema": "dicom-auditor/' in head[:64]
        or (head.startswith(b'\xef\xbb\xbf"dataset","host"'))
    )


@main.command(short_help="Turn an audit into an exit code for a pipeline.")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--fail-on",
    type=severity_option,
    show_default="error, unless --require or --min-score is given",
    help="Exit 1 if a rule of it or above failed.",
)
@click.option("--require", multiple=True, metavar="ID", help="A rule that must have passed.")
@click.option(
    "--min-score",
    multiple=True,
    type=_limit,
    metavar="CATEGORY=N",
    help="Least score, of overall too.",
)
@click.option(
    "--min-coverage",
    multiple=True,
    type=_limit,
    metavar="CATEGORY=N",
    help="Least percent judged; 90 where there is a least score.",
)
@click.option("--new-only", is_flag=True, help="Only what the baseline has not fails.")
@click.option("--baseline", type=click.Path(path_type=Path), help="An older audit.")
@waivers_option
@click.option("--profile", type=click.Path(path_type=Path), help="Limits (TOML).")
def gate(
    out: Path,
    fail_on: str | None,
    require: tuple[str, ...],
    min_score: tuple[tuple[str, float], ...],
    min_coverage: tuple[tuple[str, float], ...],
    new_only: bool,
    baseline: Path | None,
    waivers: Path | None,
    profile: Path | None,
) -> None:
    """Turn an audit into an exit code: 0 pass, 1 failed, 2 usage, 3 incomplete."""
    from auditor.diff import compare as changes
    from auditor.gate import Limits
    from auditor.model import Severity
    from auditor.profile import ProfileError
    from auditor.result import ResultError
    from auditor.sources import printable

    if new_only != (baseline is not None):
        _fail("--new-only and --baseline OLD go together")
    audit = _load(out)
    # Rules of the audit's own folders can have been in it, and in its profile.
    named = {rule.id for collection in audit.result.collections for rule in collection.rules}
    known = named | {rule.id for rule in _load_rules(()).rules}
    require = tuple(rule_id.upper() for rule_id in require)
    unknown = [rule_id for rule_id in require if rule_id not in known]
    if unknown:
        _fail(f"--require: no rule is called {unknown[0]!r}")
    try:
        used = _read_profile(profile, known)
    except ProfileError as error:
        _fail(str(error))
    if fail_on is None and (new_only or not (require or min_score)):
        fail_on = "error"
    level = Severity(fail_on) if fail_on else None
    limits = Limits(level, require, dict(min_score), dict(min_coverage))
    result = _waived(audit, waivers) if waivers else audit.result
    since = None
    if baseline is not None:
        old = _load(baseline)
        try:
            since = changes(old, audit, _read_waivers(waivers, old, audit), _today())
        except ResultError as error:
            _fail(str(error))
        for note in since.notes:
            _say(printable(note))
    share = used.unreadable_share if profile else result.tool.unreadable_share
    _decide([result], limits, share, since, close=True)


@main.command()
@rules_option
def rules(rule_folders: tuple[Path, ...]) -> None:
    """List the rules."""
    from auditor.registry import RegistryError

    try:
        loaded = _load_rules(rule_folders)
    except RegistryError as error:
        _fail(str(error))
    for rule in loaded.rules:
        click.echo(f"{rule.id:8} {rule.severity.value:8} {rule.category:18} {rule.doc.title}")


@main.command()
@click.argument("rule_id")
@rules_option
def explain(rule_id: str, rule_folders: tuple[Path, ...]) -> None:
    """Explain one rule: what, why, how to fix, what it reads."""
    from auditor.catalogue import explain as text
    from auditor.registry import RegistryError

    try:
        loaded = _load_rules(rule_folders)
    except RegistryError as error:
        _fail(str(error))
    try:
        rule = loaded.get(rule_id)
    except RegistryError as error:
        _fail(f"{error}{'' if rule_folders else '; of rules of your own, give --rules FOLDER'}")
    click.echo(text(rule))


@main.command(short_help="Show the edition of the standard in use, or fetch another.")
@click.option(
    "--fetch",
    metavar="EDITION",
    help="Get another edition (100 MB) to look at; audits go by the packaged one.",
)
def standard(fetch: str | None) -> None:
    """Show the edition of the standard in use; fetch another to look at.

    An edition that is fetched is kept in the user's cache, as the standard's XML and as the JSON
    that dicom-validator makes of it. No audit is made by it.
    """
    from auditor.standard.editions import (
        StandardError,
        default_folder,
        fetch_edition,
        installed_editions,
    )

    if fetch:
        try:
            click.echo(f"{fetch_edition(fetch).edition} is in {default_folder()}")
        except StandardError as error:
            _fail(str(error))
        return
    used, *others = installed_editions()
    click.echo(f"{used} (in use)")
    for edition in others:
        click.echo(f"{edition} (fetched)")


@main.command(short_help="Audit real and generated files, and compare them.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder to write.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; all cores by default.")
def demo(out: Path, jobs: int | None) -> None:
    """Audit real files and two generated repositories, and compare them."""
    from auditor.demo import demo_collections
    from auditor.render import write_comparison
    from auditor.scanning import Scan, Wanted
    from auditor.terminal import summarise
    from auditor.workers import Job

    rules, profile = _rules_and_profile((), (), (), None)
    try:
        made = demo_collections(out / "files")
    except OSError as error:
        _fail(_cannot_write(out, error))
    wanted = [Wanted(each.path, each.name, each.repository) for each in made]
    job = Job(rules.folders, tuple(rule.id for rule in rules.rules), _key())
    command = _command_line(click.get_current_context())
    with _ends(out / "audit"):
        scanning = Scan(out / "audit", rules, profile, jobs, command, quiet=False)
        result = scanning.files(wanted, job, _say)
    summarise(result, out / "audit")
    page = out / "comparison.html"
    _written(lambda: write_comparison([result], page), page)
