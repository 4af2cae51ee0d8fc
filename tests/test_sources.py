"""Sources list everything once, follow nothing out, and unpack within bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import random
import shutil
import stat
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.sources import (
    Limits,
    SourceError,
    SourceFile,
    each_collection,
    members,
    open_source,
    printable,
)

CONTENT = b"what a member holds"


def listed(path: Path, **options: Any) -> list[SourceFile]:
    with open_source(path, **options) as source:
        return list(source.files())


def paths(path: Path) -> list[str]:
    return [file.path for file in listed(path)]


def problems(files: list[SourceFile]) -> dict[str, str]:
    return {file.path: file.problem for file in files if file.problem}


def fill(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


# -- names ------------------------------------------------------------------------------


def test_plain_names_stay_as_they_are() -> None:
    assert printable("Stra\u00dfe 1\u3000\u6771\u4eac.dcm") == "Stra\u00dfe 1\u3000\u6771\u4eac.dcm"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", "a\\x0ab"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\udcff", "\\xff"),
        ("a\\b", "a\\\\b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_hostile_names_are_shown_escaped(name: str, shown: str) -> None:
    assert printable(name) == shown


def undecodable() -> st.SearchStrategy[str]:
    return st.binary(max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@given(undecodable() | st.text(max_size=8), undecodable() | st.text(max_size=8))
def test_names_are_safe_and_stay_different(one: str, other: str) -> None:
    shown = printable(one)
    assert json.loads(json.dumps(shown).encode("utf-8")) == shown
    assert all(character.isprintable() or character.isspace() for character in shown)
    assert not {"\n", "\r", "\t", "\x1b", "\u2028", "\u2029", "\x85"} & set(shown)
    assert (shown == printable(other)) == (one == other)


# -- folders ----------------------------------------------------------------------------


def test_folder_is_listed_depth_first_in_the_order_of_bytes(tmp_path: Path) -> None:
    fill(tmp_path, "b/2", "b/1", "a", "B", "\u00e4", "b.dcm", ".hidden/x", "._a", ".DS_Store")
    expected = [".DS_Store", "._a", ".hidden/x", "B", "a", "b/1", "b/2", "b.dcm", "\u00e4"]
    assert paths(tmp_path) == expected


def test_location_opens_what_the_path_names(tmp_path: Path) -> None:
    fill(tmp_path, "a/b", "c")
    for file in listed(tmp_path):
        assert Path(file.location).is_absolute()
        assert Path(file.location).read_bytes() == file.path.encode()


def test_name_and_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "Lung", "a")
    source = open_source(tmp_path / "Lung")
    assert (source.name, source.root) == ("Lung", str((tmp_path / "Lung").resolve()))
    monkeypatch.chdir(tmp_path / "Lung")
    assert open_source(Path()).name == "Lung"


def test_empty_folder_lists_nothing(tmp_path: Path) -> None:
    assert listed(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_undecodable_and_hostile_names_are_listed_and_can_be_opened(tmp_path: Path) -> None:
    for name in (b"\xff\xfe", b"a\nb", "\u202ex".encode(), b"\\xff"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    files = listed(tmp_path)
    assert [file.path for file in files] == ["\\\\xff", "a\\x0ab", "\\u202ex", "\\xff\\xfe"]
    assert [Path(file.location).read_bytes() for file in files] == [
        b"\\xff",
        b"a\nb",
        "\u202ex".encode(),
        b"\xff\xfe",
    ]


@contextmanager
def deep(root: Path, name: str, depth: int) -> Iterator[None]:
    """Nest folders around a file, and take them away again, as pytest's own way recurses."""
    back = Path.cwd()
    try:
        os.chdir(root)
        for _ in range(depth):
            Path(name).mkdir()
            os.chdir(name)
        Path("x").touch()
    finally:
        os.chdir(back)
    try:
        yield
    finally:
        top = root / name
        while (top / name).is_dir():
            (top / name).rename(root / "below")
            top.rmdir()
            (root / "below").rename(top)
        shutil.rmtree(top)


def test_a_tree_deeper_than_the_stack(tmp_path: Path) -> None:
    depth = 1500
    with deep(tmp_path, "d", depth):
        assert paths(tmp_path) == ["d/" * depth + "x"]


def test_a_path_too_long_to_open_is_told(tmp_path: Path) -> None:
    with deep(tmp_path, "d" * 200, 30):
        (file,) = listed(tmp_path)
        assert "cannot be listed" in file.problem


def test_listing_is_lazy(tmp_path: Path) -> None:
    fill(tmp_path, "a/1", "b/1")
    files = open_source(tmp_path).files()
    assert next(files).path == "a/1"
    fill(tmp_path, "b/0")
    assert [file.path for file in files] == ["b/0", "b/1"]


def test_what_vanishes_while_it_is_listed_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b/1", "c")
    files = open_source(tmp_path).files()
    assert next(files).path == "a"
    shutil.rmtree(tmp_path / "b")
    rest = list(files)
    assert [file.path for file in rest] == ["b", "c"]
    assert "cannot be listed" in rest[0].problem


def test_unreadable_folder_is_one_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a/1", "b/1", "c")
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    files = listed(tmp_path)
    assert [file.path for file in files] == ["a/1", "b", "c"]
    assert problems(files) == {"b": "the folder cannot be listed (Permission denied)"}


def test_a_folder_whose_listing_breaks_off_keeps_what_was_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a", "b")
    scandir = os.scandir

    class Broken:
        def __init__(self, path: str) -> None:
            self._entries = scandir(path)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            yield_one = next(self._entries)

            def entries() -> Iterator[os.DirEntry[str]]:
                yield yield_one
                raise OSError(5, "Input/output error")

            return entries()

        def __exit__(self, *_: object) -> None:
            self._entries.close()

    source = open_source(tmp_path)
    monkeypatch.setattr(os, "scandir", Broken)
    files = list(source.files())
    assert len(files) == 2
    assert problems(files) == {".": "the folder cannot be listed (Input/output error)"}


def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert problems(listed(tmp_path)) == {"pipe": "not a regular file (a pipe, socket or device)"}
    with pytest.raises(SourceError, match="neither a folder nor a regular file"):
        open_source(tmp_path / "pipe")


# -- links ------------------------------------------------------------------------------


def test_links_inside_are_counted_and_not_followed(tmp_path: Path) -> None:
    fill(tmp_path, "data/1", "data/2")
    (tmp_path / "first").symlink_to("data/1")
    (tmp_path / "all").symlink_to(tmp_path / "data")
    (tmp_path / "chain").symlink_to("first")
    with open_source(tmp_path) as source:
        for _ in range(2):  # listing again does not count again
            assert [file.path for file in source.files()] == ["data/1", "data/2"]
            assert source.links == 3


def test_links_that_lead_out_or_nowhere_or_round_are_problems(tmp_path: Path) -> None:
    fill(tmp_path, "out/secret", "in/deep/x", "in-side/y")
    root = tmp_path / "in"
    (root / "file").symlink_to(tmp_path / "out/secret")
    (root / "folder").symlink_to("../out")
    (root / "beside").symlink_to("../in-side")
    (root / "gone").symlink_to("nowhere")
    (root / "self").symlink_to("self")
    (root / "deep/up").symlink_to("../deep")
    (root / "deep/root").symlink_to(root)
    files = listed(root)
    out = "a link that leads out of the collection"
    assert problems(files) == {
        "file": out,
        "folder": out,
        "beside": out,
        "gone": "a link to something that does not exist",
        "self": "a link that cannot be followed to an end",
        "deep/up": "a link to a folder that contains it",
        "deep/root": "a link to a folder that contains it",
    }
    assert [file.path for file in files if not file.problem] == ["deep/x"]


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    fill(tmp_path, "data/1")
    (tmp_path / "mine").symlink_to("data")
    (tmp_path / "one").symlink_to("data/1")
    source = open_source(tmp_path / "mine")
    assert source.name == "mine"
    assert [file.path for file in source.files()] == ["1"]
    assert paths(tmp_path / "one") == ["one"]


def annex(root: Path, *names: str) -> None:
    store = root / ".git/annex/objects/aa"
    store.mkdir(parents=True, exist_ok=True)
    (root / ".git/HEAD").touch()
    for name in names:
        (store / name).write_bytes(name.encode())
        (root / name).symlink_to(f".git/annex/objects/aa/{name}")


def test_git_annex_content_is_listed_under_the_name_that_the_user_knows(tmp_path: Path) -> None:
    annex(tmp_path, "a.dcm", "b.dcm")
    (tmp_path / "lost.dcm").symlink_to(".git/annex/objects/aa/lost.dcm")
    (tmp_path / "config").symlink_to(".git/HEAD")
    with open_source(tmp_path) as source:
        files = list(source.files())
        assert source.links == 0
        assert source.notes == ["Not audited: 1 folder named .git (version control, not data)."]
    assert problems(files) == {
        "lost.dcm": "its content was not fetched (git-annex)",
        "config": "a link into a .git folder, which is not audited",
    }
    good = [file for file in files if not file.problem]
    assert [file.path for file in good] == ["a.dcm", "b.dcm"]
    assert [Path(file.location).read_bytes() for file in good] == [b"a.dcm", b"b.dcm"]
    assert not any(Path(file.location).is_symlink() for file in good)


def test_git_annex_content_outside_what_the_user_named_is_not_followed(tmp_path: Path) -> None:
    annex(tmp_path, "a.dcm")
    fill(tmp_path, "sub/x")
    (tmp_path / "sub/a.dcm").symlink_to("../.git/annex/objects/aa/a.dcm")
    (problem,) = problems(listed(tmp_path / "sub")).values()
    assert "outside the audited folder" in problem


# -- what a path is ---------------------------------------------------------------------


def test_a_single_file(tmp_path: Path) -> None:
    fill(tmp_path, "a.zip")  # it is none
    source = open_source(tmp_path / "a.zip")
    assert source.name == "a.zip"
    (file,) = source.files()
    assert (file.path, file.problem) == ("a.zip", "")
    assert Path(file.location).read_bytes() == b"a.zip"


def test_dicom_and_office_documents_are_single_files(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"PK\x03\x04".ljust(128, b"\0") + b"DICM")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as file:
        file.writestr("[Content_Types].xml", "x")
        file.writestr("xl/workbook.xml", "x")
    (tmp_path / "c.nii.gz").write_bytes(gzip.compress(bytes(4000)))
    for name in ("a.tar", "b.xlsx", "c.nii.gz"):
        assert paths(tmp_path / name) == [name]


@pytest.mark.parametrize("path", ["nowhere", "nowhere/deeper", "x\nInjected: line"])
def test_missing_path_is_one_plain_line(tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceError, match="no such path: ") as caught:
        open_source(tmp_path / path)
    assert "\n" not in str(caught.value)
    with pytest.raises(SourceError, match="no such path: "):
        each_collection(tmp_path / path)


def test_impossible_paths_are_errors_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("self")
    fill(tmp_path, "file")
    for path in (tmp_path / "self", Path("\0"), tmp_path / "file/below", Path("d" * 9999)):
        with pytest.raises(SourceError):
            open_source(path)
    with pytest.raises(SourceError, match="not a folder"):
        each_collection(tmp_path / "file")


def test_a_root_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> Any:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    for open_root in (open_source, each_collection):
        with pytest.raises(SourceError, match="Permission denied"):
            open_root(tmp_path)


def test_each_collection(tmp_path: Path) -> None:
    fill(tmp_path, "b/1", "A/1", ".git/1", "file", "\u00e4/1")
    (tmp_path / "link").symlink_to("b")
    assert each_collection(tmp_path) == [tmp_path / name for name in ("A", "b", "\u00e4")]
    assert each_collection(tmp_path / "b") == []


# -- archives ---------------------------------------------------------------------------


def make_zip(path: Path, names: list[str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name in names:
            out.writestr(zipfile.ZipInfo(name), name.encode() + CONTENT, method)
    return path


def make_tar(path: Path, names: list[str], mode: str = "w", **options: Any) -> Path:
    with tarfile.open(path, mode, **options) as out:  # type: ignore[call-overload]
        for name in names:
            add(out, name, name.encode() + CONTENT)
    return path


def add(out: tarfile.TarFile, name: str, data: bytes = b"", **fields: Any) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    out.addfile(info, io.BytesIO(data))


MAKERS: dict[str, Callable[[Path, list[str]], Path]] = {
    "stored.zip": lambda path, names: make_zip(path, names, zipfile.ZIP_STORED),
    "deflated.zip": make_zip,
    "bzip2.zip": lambda path, names: make_zip(path, names, zipfile.ZIP_BZIP2),
    "gnu.tar": lambda path, names: make_tar(path, names, format=tarfile.GNU_FORMAT),
    "pax.tar": lambda path, names: make_tar(path, names, format=tarfile.PAX_FORMAT),
    "ustar.tar": lambda path, names: make_tar(path, names, format=tarfile.USTAR_FORMAT),
    "c.tar.gz": lambda path, names: make_tar(path, names, "w:gz"),
    "c.tar.bz2": lambda path, names: make_tar(path, names, "w:bz2"),
    "c.tar.xz": lambda path, names: make_tar(path, names, "w:xz"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_archive_is_known_by_its_content(kind: str, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    made = MAKERS[kind](tmp_path / "no-suffix", ["b", "a/2", "a/1", "\u00e4"])
    before = made.read_bytes()
    with open_source(made, work=work) as source:
        files = list(source.files())
        assert [file.path for file in files] == ["a/1", "a/2", "b", "\u00e4"]
        for file in files:
            assert file.problem == ""
            assert Path(file.location).read_bytes() == file.path.encode() + CONTENT
        assert list(source.files()) == files
        assert (source.notes, source.links) == ([], 0)
        (unpacked,) = work.iterdir()
        assert stat.S_IMODE(unpacked.stat().st_mode) == 0o700
    assert list(work.iterdir()) == []
    assert made.read_bytes() == before


def test_name_of_an_archive(tmp_path: Path) -> None:
    for name in ("Lung.tar.gz", "Lung.TGZ", "Lung.tar", "Lung"):
        assert open_source(make_tar(tmp_path / name, ["a"], "w:gz")).name == "Lung"
    assert open_source(make_zip(tmp_path / "Lung.zip", ["a"])).name == "Lung"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_unpacked_is_removed_on_errors_too(
    tmp_path: Path, error: type[BaseException]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    made = make_zip(tmp_path / "a.zip", ["a", "b"])
    with pytest.raises(error), open_source(made, work=work) as source:  # noqa: PT012
        next(source.files())
        assert list(work.iterdir())
        raise error
    assert list(work.iterdir()) == []


def test_no_place_to_unpack_is_an_error_of_the_source(tmp_path: Path) -> None:
    made = make_zip(tmp_path / "a.zip", ["a"])
    with pytest.raises(SourceError, match="cannot unpack a: "):
        listed(made, work=tmp_path / "nowhere")


HOSTILE = {
    "../up": "its name leads out of the archive",
    "a/../../up": "its name leads out of the archive",
    "/etc/passwd": "its name is an absolute path",
    "C:/x": "its name is an absolute path",
}


@pytest.mark.parametrize("kind", MAKERS)
def test_hostile_names_are_problems_and_the_rest_is_read(kind: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    names = ["good", *HOSTILE, "x\ny", "dir/"]
    made = MAKERS[kind](home / "made", [name for name in names if name != "dir/"])
    with open_source(made) as source:
        files = list(source.files())
        found = {file.path: file.problem for file in files}
        for name, problem in HOSTILE.items():
            assert found.pop(name.lstrip("/")) == problem
        assert found == {"good": "", "x\\x0ay": ""}
        assert all(Path(file.location).name.isdigit() for file in files if not file.problem)
    assert list(home.iterdir()) == [made]
    assert list(tmp_path.iterdir()) == [home]


def test_nul_in_names(tmp_path: Path) -> None:
    made = make_zip(tmp_path / "a.zip", ["goodX.dcm"])
    made.write_bytes(made.read_bytes().replace(b"goodX.dcm", b"good\0.dcm"))
    assert problems(listed(made)) == {"good\\x00.dcm": "its name holds a NUL character"}
    tar = make_tar(tmp_path / "a.tar", [f"good\u00e4X{'b' * 120}"])
    tar.write_bytes(tar.read_bytes().replace("good\u00e4X".encode(), "good\u00e4\0".encode()))
    (problem,) = problems(listed(tar)).values()
    assert problem == "its name holds a NUL character"


def test_backslashes_of_windows_writers_separate_names_in_zip(tmp_path: Path) -> None:
    made = make_zip(tmp_path / "a.zip", ["aXb.dcm"])
    made.write_bytes(made.read_bytes().replace(b"aXb.dcm", b"a\\b.dcm"))
    assert paths(made) == ["a/b.dcm"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", MAKERS)
def test_duplicates_are_problems_with_paths_of_their_own(kind: str, tmp_path: Path) -> None:
    made = MAKERS[kind](tmp_path / "made", ["a", "./a", "a", "a (2)"])
    files = listed(made)
    assert len({file.path for file in files}) == 4
    assert [file.path for file in files if not file.problem] == ["a"] or [
        file.path for file in files if not file.problem
    ] == ["a", "a (2)"]
    assert set(problems(files).values()) == {"another member of the archive has the same name"}


def test_tar_links_and_special_members(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as out:
        add(out, "data/a", CONTENT)
        add(out, "hard", type=tarfile.LNKTYPE, linkname="data/a")
        add(out, "soft", type=tarfile.SYMTYPE, linkname="data")
        add(out, "data/up", type=tarfile.SYMTYPE, linkname="../soft")
        add(out, "out", type=tarfile.SYMTYPE, linkname="../../etc/passwd")
        add(out, "root", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(out, "hardout", type=tarfile.LNKTYPE, linkname="/etc/passwd")
        add(out, "gone", type=tarfile.SYMTYPE, linkname="nowhere")
        add(out, "tty", type=tarfile.CHRTYPE)
        add(out, "disk", type=tarfile.BLKTYPE)
        add(out, "pipe", type=tarfile.FIFOTYPE)
        add(out, "sparse", CONTENT, type=tarfile.GNUTYPE_SPARSE)
        add(out, "odd", CONTENT, type=b"Z")
        add(out, "last", CONTENT)
        add(out, "folder", type=tarfile.DIRTYPE)
    with open_source(tmp_path / "a.tar") as source:
        files = list(source.files())
        assert source.links == 2
    link = "a link to something that is not in the archive"
    assert problems(files) == {
        **dict.fromkeys(("out", "root", "hardout", "gone", "data/up"), link),
        "tty": "a device, which is not opened",
        "disk": "a device, which is not opened",
        "pipe": "a pipe, which is not opened",
        "sparse": "a sparse file, which is not unpacked",
        "odd": "a kind of member that is not known",
    }
    assert [file.path for file in files if not file.problem] == ["data/a", "last"]


def test_zip_links_and_special_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        for name, kind, data in [
            ("a", stat.S_IFREG, b"1"),
            ("inside", stat.S_IFLNK, b"a"),
            ("outside", stat.S_IFLNK, b"/etc/passwd"),
            ("device", stat.S_IFCHR, b""),
        ]:
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o644) << 16
            out.writestr(info, data)
    with open_source(tmp_path / "a.zip") as source:
        files = list(source.files())
        assert source.links == 1
    assert problems(files) == {
        "outside": "a link to something that is not in the archive",
        "device": "not a regular file",
    }


def patch_zip(data: bytes, name: bytes, at: int, value: bytes) -> bytes:
    """Set a field of a member in the directory and, two bytes earlier, in its local header."""
    out = bytearray(data)
    local = data.index(name) - 30
    directory = data.rindex(name) - 46
    out[local + at - 2 : local + at - 2 + len(value)] = value
    out[directory + at : directory + at + len(value)] = value
    return bytes(out)


@pytest.mark.parametrize("broken", [False, True])
def test_zip_members_that_cannot_be_read(tmp_path: Path, broken: bool) -> None:
    names = ["encrypted", "method", "crc", "good"]
    made = make_zip(tmp_path / "a.zip", names, zipfile.ZIP_STORED)
    data = patch_zip(made.read_bytes(), b"encrypted", 8, b"\x01\0")
    data = patch_zip(data, b"method", 10, b"\x0e\0")
    data = data.replace(b"crc" + CONTENT, b"crc" + CONTENT.upper())
    made.write_bytes(data[:-30] if broken else data)
    files = listed(made)
    found = problems(files)
    assert found["encrypted"] == "it is encrypted"
    assert "method 14" in found["method"]
    assert "damaged" in found["crc"]
    assert [file.path for file in files if not file.problem] == ["good"]
    assert ("(rest of the archive)" in found) == broken


def noise(name: str) -> bytes:
    return random.Random(name).randbytes(5000)  # noqa: S311 - no secret


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def seek(self, *_: object) -> int:
        raise OSError


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_cut_off_zip_gives_what_is_left(tmp_path: Path, method: int, streamed: bool) -> None:
    # What cannot be rewound gets its sizes after the data, see APPNOTE 4.3.9.
    out = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name in ("a", "b", "c"):
            file.writestr(name, noise(name))
    data = out.getvalue()
    for end, whole in ((len(data) - 10, ["a", "b", "c"]), (12_000, ["a", "b"]), (5100, ["a"])):
        path = tmp_path / "cut.zip"
        path.write_bytes(data[:end])
        with open_source(path) as source:
            files = list(source.files())
            assert len(source.notes) == 1
        good = [file.path for file in files if not file.problem]
        assert good == ([] if streamed and method == zipfile.ZIP_STORED else whole)
        assert files[-1].path == "(rest of the archive)"
        assert files[-1].problem


def test_a_zip_inside_does_not_stand_for_the_one_that_is_cut_off(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", ["x"]).read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a", CONTENT)
        file.writestr("inner.zip", inner)
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data[: data.index(inner) + len(inner)])
    files = listed(tmp_path / "a.zip")
    assert files[-1].path == "(rest of the archive)"
    assert "leaves out" in files[-1].problem


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_cut_off_tar_gives_what_is_left(mode: str, tmp_path: Path) -> None:
    names = [str(number) for number in range(9)]
    with tarfile.open(tmp_path / "made", mode) as out:  # type: ignore[call-overload]
        for name in names:  # noise, so that compression leaves it as long as it is
            add(out, name, noise(name))
    data = (tmp_path / "made").read_bytes().rstrip(b"\0")
    seen = []
    for end in range(1000, len(data), len(data) // 20):
        (tmp_path / "cut").write_bytes(data[:end])
        files = listed(tmp_path / "cut")
        if [file.path for file in files] == ["cut"]:
            continue  # bzip2 gives nothing at all before its first block is whole
        assert files[-1].path == "(rest of the archive)"
        assert "cut off" in files[-1].problem
        good = [file.path for file in files if not file.problem]
        assert good == names[: len(good)]
        seen.append(len(good))
    assert seen == sorted(seen)
    assert seen or mode == "w:bz2"
    assert mode != "w" or max(seen) == 8


def test_a_damaged_tar_header_stops_the_reading(tmp_path: Path) -> None:
    made = make_tar(tmp_path / "a.tar", ["a", "b", "c"])
    data = bytearray(made.read_bytes())
    data[1024] ^= 0xFF
    made.write_bytes(data)
    files = listed(made)
    assert [file.path for file in files] == ["a", "(rest of the archive)"]
    assert "a header is damaged" in files[-1].problem


def test_archives_one_after_the_other_are_read_to_the_end(tmp_path: Path) -> None:
    data = (
        make_tar(tmp_path / "1", ["a"]).read_bytes() + make_tar(tmp_path / "2", ["b"]).read_bytes()
    )
    for pack in (bytes, gzip.compress, bz2.compress, lzma.compress):
        (tmp_path / "both").write_bytes(pack(data))
        assert paths(tmp_path / "both") == ["a", "b"]
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        (tmp_path / "both").write_bytes(pack(data[:9000]) + pack(data[9000:]))
        assert paths(tmp_path / "both") == ["a", "b"]
    (tmp_path / "both").write_bytes(data + b"\xff" * 512)
    assert "data after its end" in listed(tmp_path / "both")[-1].problem


def test_tar_of_unusual_writers(tmp_path: Path) -> None:
    long_name = "/".join(["long" * 20] * 9)
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        made = make_tar(tmp_path / "a.tar", [long_name], format=form)
        assert paths(made) == [long_name]
    prefixed = f"{'p' * 90}/{'n' * 90}"
    assert paths(make_tar(tmp_path / "a.tar", [prefixed], format=tarfile.USTAR_FORMAT)) == [
        prefixed
    ]
    # A size in base 256, as GNU tar writes it from 8 GiB on, and the sum of signed bytes.
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT) as out:
        add(out, "\u00e4", b"12345")
    data = bytearray((tmp_path / "a.tar").read_bytes())
    data[124:136] = b"\x80" + (5).to_bytes(11, "big")
    data[148:156] = b" " * 8
    signed = sum(struct.unpack("512b", data[:512]))
    data[148:156] = b"%06o\0 " % signed
    (tmp_path / "a.tar").write_bytes(data)
    with open_source(tmp_path / "a.tar") as source:
        (file,) = source.files()
        assert (file.path, Path(file.location).read_bytes()) == ("\u00e4", b"12345")


def extended(size: int, name: bytes = b"x") -> bytes:
    info = tarfile.TarInfo("pax")
    info.type, info.size = name, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "header",
    [
        extended(1 << 40),
        extended(1 << 30, b"L"),
        extended(512) + b"9" * 512,
        extended(512) + b"99999999 path=".ljust(512),
        extended(512) + b"10 nothing\n".ljust(512, b"\0"),
        extended(512) + b"0 path=x\n".ljust(512, b"\0"),
        extended(512) + b"12 size=-99\n".ljust(512, b"\0") + extended(0, b"0"),
        extended(512) + b"28 size=99999999999999999999\n".ljust(512, b"\0") + extended(0, b"0"),
    ],
)
def test_hostile_extended_headers_stop_the_reading(header: bytes, tmp_path: Path) -> None:
    data = make_tar(tmp_path / "a.tar", ["a"]).read_bytes()[:1024] + header + bytes(4096)
    (tmp_path / "a.tar").write_bytes(data)
    files = listed(tmp_path / "a.tar")
    assert files[0].path == "a"
    assert files[0].problem == ""
    assert files[-1].path == "(rest of the archive)"


def test_xz_that_wants_too_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_tar(tmp_path / "a.tar.xz", ["a"], "w:xz", preset=6)
    assert paths(made) == ["a"]
    source = open_source(made)
    monkeypatch.setattr("auditor.sources.tar._XZ_MEMORY", 1 << 20)
    with source:
        (rest,) = source.files()
    assert "damaged" in rest.problem


# -- bounds -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKERS)
def test_too_many_members(kind: str, tmp_path: Path) -> None:
    made = MAKERS[kind](tmp_path / "made", ["a", "b", "c", "d"])
    with open_source(made, limits=Limits(members=2)) as source:
        files = list(source.files())
        assert source.notes == ["The archive was not read to its end: it has more than 2 members."]
    assert [file.path for file in files] == ["a", "b", "(rest of the archive)"]
    assert not files[0].problem
    assert files[-1].problem


@pytest.mark.parametrize("kind", MAKERS)
def test_too_many_bytes(kind: str, tmp_path: Path) -> None:
    names = [f"{number}" * 90 for number in range(9)]
    made = MAKERS[kind](tmp_path / "made", names)
    with open_source(made, limits=Limits(bytes=2000 if "tar" in kind else 300)) as source:
        files = list(source.files())
        kept = sum(Path(file.location).stat().st_size for file in files if not file.problem)
        assert 0 < kept <= 300
        assert "unpacks to more than" in source.notes[0]
    assert files[-1].path == "(rest of the archive)"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_that_is_a_bomb_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int
) -> None:
    monkeypatch.setattr(members, "BOMB_BYTES", 10_000_000)
    monkeypatch.setattr("auditor.sources.zip.BOMB_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as out:
        out.writestr("bomb", bytes(3_000_000))
        out.writestr("mask", bytes(900_000))
        out.writestr("good", CONTENT)
    files = listed(tmp_path / "a.zip")
    assert problems(files) == {"bomb": "it unpacks to more than 200 times its size"}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_that_is_a_bomb_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(members, "BOMB_BYTES", 1_000_000)
    with tarfile.open(tmp_path / "a.tar", "w") as out:
        add(out, "good", CONTENT)
        add(out, "bomb", bytes(30_000_000))
    (tmp_path / "bomb").write_bytes(pack((tmp_path / "a.tar").read_bytes()))
    files = listed(tmp_path / "bomb")
    assert [file.path for file in files if not file.problem] == ["good"]
    assert "more than 200 times its size" in files[-1].problem


@pytest.mark.parametrize("size", [0, 1])
def test_a_zip_that_lies_about_sizes_is_found_out(tmp_path: Path, size: int) -> None:
    made = make_zip(tmp_path / "a.zip", ["lies", "good"])
    made.write_bytes(patch_zip(made.read_bytes(), b"lies", 24, struct.pack("<L", size)))
    files = listed(made)
    assert [file.path for file in files if not file.problem] == ["good"]
    assert "damaged" in problems(files)["lies"]


def test_too_little_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_zip(tmp_path / "a.zip", ["a", "b"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 29))
    with open_source(made) as source:
        files = list(source.files())
        assert "too little disk" in source.notes[0]
    assert all(file.problem for file in files)


def test_a_full_disk_stops_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_zip(tmp_path / "a.zip", ["a", "b"])
    with open_source(made) as source:
        real = Path.open

        def full(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
            if mode == "xb":
                raise OSError(28, "No space left on device")
            return real(self, mode, *args, **options)

        monkeypatch.setattr(Path, "open", full)
        files = list(source.files())
        assert "the disk is full" in source.notes[0]
    assert [file.path for file in files] == ["a", "(rest of the archive)"]
    assert all(file.problem for file in files)


def test_an_archive_that_vanishes_is_told(tmp_path: Path) -> None:
    for made in (make_zip(tmp_path / "a", ["a"]), make_tar(tmp_path / "b", ["a"])):
        source = open_source(made)
        made.unlink()
        with source:
            (rest,) = source.files()
        assert rest.path == "(rest of the archive)"
        assert rest.problem


def test_many_equal_names_are_not_quadratic(tmp_path: Path) -> None:
    count = 20_000
    made = make_tar(tmp_path / "a.tar", ["a"])
    member = made.read_bytes()[:1024]
    made.write_bytes(member * count + bytes(1024))
    assert len({file.path for file in listed(made)}) == count


# -- nothing crashes --------------------------------------------------------------------


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(MAKERS)),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=4),
    st.floats(0, 1),
)
def test_damaged_archives_never_crash(
    tmp_path: Path, kind: str, changes: list[tuple[float, bytes]], keep: float
) -> None:
    made = MAKERS[kind](tmp_path / "made", ["a", "b/c", "d"])
    data = bytearray(made.read_bytes())
    made.unlink()
    for where, noise in changes:
        at = int(where * len(data))
        data[at : at + len(noise)] = noise
    path = tmp_path / "damaged"
    path.write_bytes(data[: int(keep * len(data)) + 1])
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    with open_source(path, work=work) as source:
        files = list(source.files())
        assert len({file.path for file in files}) == len(files)
        for file in files:
            if not file.problem:
                assert Path(file.location).is_file()
    assert list(work.iterdir()) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(
            st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
            min_size=1,
            max_size=20,
        )
        .map(lambda name: name.strip("/"))
        .filter(lambda name: name not in ("", ".", "..") and "\\" not in name),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_tar_reader_agrees_with_the_standard_library(
    tmp_path: Path, names: list[str], form: int
) -> None:
    made = make_tar(tmp_path / "made", names, format=form)
    with tarfile.open(made) as theirs:
        expected = {info.name for info in theirs if info.isfile()}
    with open_source(made) as source:
        files = list(source.files())
        assert len(files) == len(names)
        assert source.notes == []
        contents = {Path(file.location).read_bytes() for file in files if not file.problem}
    assert contents <= {name.encode() + CONTENT for name in expected}
    if not problems(files):
        assert len(contents) == len(expected)
