"""Pixel data: as much of it as the attributes say, encoded as the transfer syntax says.

The pixel data itself is never read: only how long it is, or in how many fragments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import (
    Element,
    Finding,
    InstanceFacts,
    Place,
    Selector,
    TagPath,
    Undecided,
    judge,
    rule,
)
from auditor.standard.sop_classes import (
    ELSEWHERE,
    GREYS,
    IMAGES,
    LOSSY,
    NATIVE,
    PARAMETRIC_MAP,
    RLE,
    VIDEO,
    encapsulates,
    sop_class_name,
)

_TAGS = {"native": "PixelData", "float": "FloatPixelData", "double": "DoubleFloatPixelData"}

_SIZE = (
    "file:pixels",
    "file:pixel_bytes",
    "file:syntax",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "PhotometricInterpretation",
)

# Of four samples, so many are left of three components (PS3.3 C.7.6.3.1.2).
_SUBSAMPLED = {"YBR_FULL_422": 2, "YBR_PARTIAL_422": 2}


def _whole(instance: InstanceFacts, keyword: str) -> int | None:
    """Return the first value as a whole number, None if it is none of a sensible size."""
    text = instance.text(keyword)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else None


def _frames(instance: InstanceFacts) -> int | None:
    if not instance.filled("NumberOfFrames"):
        return 1
    return _whole(instance, "NumberOfFrames") or None


def _expected(instance: InstanceFacts) -> int | None:
    """Return the bytes that native pixel data must have without padding (PS3.5 8.1.1)."""
    kind = instance.file("pixels")
    samples = _whole(instance, "SamplesPerPixel")
    samples = _SUBSAMPLED.get(instance.text("PhotometricInterpretation"), samples)
    bits = {"float": 32, "double": 64}.get(kind) or _whole(instance, "BitsAllocated")
    if kind != "native":
        samples = 1
    numbers = (_whole(instance, "Rows"), _whole(instance, "Columns"), _frames(instance))
    total = 1
    for number in (*numbers, samples, bits):
        if not number:
            return None
        total *= number
    # Packed bits cross bytes only where one bit is allocated; 12 of them is of old editions.
    return None if bits is None or (bits != 1 and bits % 8) else -(-total // 8)


_NOT_KNOWN = Undecided("native pixel data of objects that do not say its size")


def _is_native(instance: InstanceFacts) -> bool:
    return instance.file("pixels") in _TAGS and not encapsulates(instance.file("syntax"))


@rule(
    id="FILE021",
    category="integrity",
    severity="error",
    confidence="high",
    reads=_SIZE,
    reference="PS3.5 8.1.1, PS3.3 C.7.6.3",
    applies=Selector(when=_is_native),
)
def pixel_data_too_short(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The pixel data is shorter than its attributes say.

    Why it matters
    --------------
    Rows times columns times frames times samples is more than there is: a reader fails, or
    reads beyond the end and shows what does not belong to the image.

    How to fix
    ----------
    Export the object again. If the attributes are wrong and not the pixels (a wrong Number of
    Frames, Bits Allocated of 16 over bytes), correct them from the source.

    Command
    -------
    dcmdump +P Rows +P Columns +P NumberOfFrames +P BitsAllocated +P PixelData FILE
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    512 rows of 512 columns with 16 bits allocated, and 262,144 bytes instead of 524,288.
    """
    expected = _expected(instance)
    if expected is None:
        yield _NOT_KNOWN
    elif int(instance.file("pixel_bytes")) < expected:
        yield Finding(
            "the pixel data is shorter than rows, columns, frames, samples and bits ask for",
            TagPath.of(_TAGS[instance.file("pixels")]),
        )


@rule(
    id="FILE022",
    category="integrity",
    severity="warning",
    confidence="high",
    reads=_SIZE,
    reference="PS3.5 8.1.1, PS3.3 C.7.6.3",
    applies=Selector(when=_is_native),
)
def pixel_data_too_long(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The pixel data is longer than its attributes say.

    Why it matters
    --------------
    Either the attributes are wrong and the image is shown skewed or cut, or something is
    behind the pixels that nobody looks at. Only one byte may be added, to make the length even.

    How to fix
    ----------
    Find out which: correct the attributes from the source, or write the pixel data without what
    follows it. The command is for the latter.

    Command
    -------
    dcmdump +P Rows +P Columns +P NumberOfFrames +P BitsAllocated +P PixelData FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: length = get_expected_length(dataset)
    pydicom: dataset.PixelData = dataset.PixelData[: length + length % 2]
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Number of Frames is 1 and there are bytes for 40 frames.
    """
    expected = _expected(instance)
    if expected is None:
        yield _NOT_KNOWN
    elif int(instance.file("pixel_bytes")) > expected + expected % 2:
        yield Finding(
            "the pixel data is longer than rows, columns, frames, samples and bits ask for",
            TagPath.of(_TAGS[instance.file("pixels")]),
        )


@judge(name="frame-offsets", applies=lambda place: place.keyword == "ExtendedOffsetTable")
def frame_offsets(element: Element) -> str:
    """Say how many frames the Extended Offset Table lists: ``12``; ``odd`` if it cannot tell."""
    count, rest = divmod(len(element.value), 8)
    return "odd" if rest else str(count)


@rule(
    id="FILE023",
    category="integrity",
    severity="error",
    confidence="high",
    reads=(
        "file:pixels",
        "file:fragments",
        "file:offsets",
        "file:syntax",
        "NumberOfFrames",
        "judge:frame-offsets",
    ),
    reference="PS3.5 A.4, A.4.2, PS3.3 C.7.6.3.1.8",
    applies=Selector(
        when=lambda instance: (
            instance.file("pixels") == "encapsulated" and instance.file("syntax") not in VIDEO
        )
    ),
)
def fragments_and_frames(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """The fragments of encapsulated pixel data are not those of its frames.

    Why it matters
    --------------
    Each frame has a fragment of its own at least, and a table of offsets has an entry for
    each. Where the numbers differ, frames are missing, or a reader finds the wrong ones.

    How to fix
    ----------
    Export the object again, or write it again with a library that counts frames and makes the
    table of offsets. The command is for frames of one fragment each, of which none is missing.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: frames = list(generate_fragments(dataset.PixelData))[1:]
    pydicom: dataset.PixelData = encapsulate(frames)
    pydicom: for name in ("Table", "TableLengths"): dataset.pop(f"ExtendedOffset{name}", None)
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Number of Frames is 30 and there are 29 fragments. Video is left out: its frames are not
    encoded one by one.
    """
    frames = _frames(instance)
    if frames is None or not instance.file("fragments"):
        yield Undecided("encapsulated pixel data whose frames or fragments nobody could count")
        return
    place = TagPath.of("PixelData")
    fragments, offsets = int(instance.file("fragments")), int(instance.file("offsets"))
    if fragments < frames:
        yield Finding("there are fewer fragments than frames", place)
    elif instance.file("syntax") == RLE and fragments != frames:
        yield Finding("RLE Lossless, and there are more fragments than frames", place)
    if offsets and offsets != 4 * frames:
        yield Finding("the Basic Offset Table has not one entry for each frame", place)
    for path, count in instance.judged("frame-offsets"):
        if count != str(frames):
            yield Finding("the Extended Offset Table has not one entry for each frame", path)


@rule(
    id="FILE024",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("file:pixels", "file:syntax"),
    reference="PS3.5 8.2, A.4",
    applies=Selector(
        when=lambda instance: (
            bool(instance.file("pixels")) and instance.file("syntax") not in ("", "unknown")
        )
    ),
)
def pixel_data_of_another_syntax(instance: InstanceFacts) -> Iterator[Finding]:
    """The pixel data is not encoded as its transfer syntax says.

    Why it matters
    --------------
    A reader takes compressed bytes for pixels, or looks for fragments where there are none.

    How to fix
    ----------
    Find out what the pixels are, write that transfer syntax into (0002,0010), or decompress
    them with a tool that changes both.

    Command
    -------
    dcmdump +P TransferSyntaxUID +P PixelData FILE
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset.file_meta.TransferSyntaxUID = "TRANSFER-SYNTAX-UID"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    Explicit VR Little Endian, and the pixel data is a JPEG stream in fragments.
    """
    kind, syntax = instance.file("pixels"), instance.file("syntax")
    if kind == "encapsulated" and syntax in NATIVE:
        yield Finding(
            "the pixel data is encapsulated, in a transfer syntax with native pixel data",
            TagPath.of("PixelData"),
        )
    elif kind in _TAGS and encapsulates(syntax):
        yield Finding(
            "the pixel data is native, in a transfer syntax that encapsulates it",
            TagPath.of(_TAGS[kind]),
        )


@rule(
    id="FILE026",
    category="integrity",
    severity="warning",
    confidence="high",
    reads=("file:pixels", "file:pixel_vr"),
    reference="PS3.5 A.4",
    applies=Selector(
        when=lambda instance: (
            instance.file("pixels") == "encapsulated" and bool(instance.file("pixel_vr"))
        )
    ),
)
def encapsulated_in_words(instance: InstanceFacts) -> Iterator[Finding]:
    """Encapsulated pixel data is written with VR OW.

    Why it matters
    --------------
    Fragments are bytes, which OB says. Who goes by the VR takes them for words of 16 bits, and
    may swap them; most readers do not look at it, so that it goes on being copied.

    How to fix
    ----------
    Write Pixel Data (7FE0,0010) with VR OB; the fragments stay as they are.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: dataset["PixelData"].VR = "OB"
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    A JPEG stream in fragments, in an element of VR OW.
    """
    if instance.file("pixel_vr") == "OW":
        yield Finding("encapsulated pixel data has VR OW", TagPath.of("PixelData"))


_OVERLAY = {0x10: "rows", 0x11: "columns", 0x15: "frames", 0x3000: "bytes"}
_ICON = {
    "Rows": "rows", "Columns": "columns", "SamplesPerPixel": "samples", "BitsAllocated": "bits",
    "PixelData": "bytes",
}  # fmt: skip


def _part(place: Place) -> str:
    """Say what of the size of an overlay, or of an icon, an attribute is."""
    if place.tag >> 24 == 0x60 and place.tag >> 16 & 1 == 0:
        return _OVERLAY.get(place.tag & 0xFFFF, "")
    parent = place.parent
    return _ICON.get(place.keyword, "") if parent and parent.keyword == "IconImageSequence" else ""


@judge(name="picture_size", applies=lambda place: bool(_part(place)))
def picture_size(element: Element) -> str | None:
    """A number of which the size of an overlay or an icon is made, and the bytes there are."""
    part = _part(element.place)
    if part == "bytes":
        number = len(element.value)
    elif part == "frames":
        text = element.text.strip()
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    else:
        number = int.from_bytes(element.value, "little") if len(element.value) == 2 else 0
    return f"{part} {number}"


def _picture_sizes(instance: InstanceFacts) -> dict[TagPath, dict[str, set[int]]]:
    """Return what is said of the size of each overlay and each icon, by what holds its samples."""
    found: dict[TagPath, dict[str, set[int]]] = {}
    for path, said in instance.judged("picture_size"):
        part, _, number = said.partition(" ")
        last = path.steps[-1]
        data = f"{last[:6]}3000)" if last.startswith("(60") else "(7FE0,0010)"
        at = TagPath((*path.steps[:-1], data))
        found.setdefault(at, {}).setdefault(part, set()).add(int(number))
    return {path: parts for path, parts in found.items() if "bytes" in parts}


@rule(
    id="FILE027",
    category="integrity",
    severity="error",
    confidence="high",
    reads=("judge:picture_size",),
    reference="PS3.3 C.9.2.1, C.7.6.1.1.6, PS3.5 8.1",
    applies=Selector(when=lambda instance: bool(_picture_sizes(instance))),
)
def picture_too_short(instance: InstanceFacts) -> Iterator[Finding | Undecided]:
    """An overlay or an icon is shorter than its rows and columns say.

    Why it matters
    --------------
    A viewer that draws it reads beyond the end: it fails, or shows what does not belong there.
    What was drawn on the image, or its small copy, is not whole.

    How to fix
    ----------
    Export the object again, or correct rows and columns from the source. What cannot be drawn
    may go: remove all attributes of the overlay's group, or Icon Image Sequence (0088,0200).

    Command
    -------
    dcmdump +P OverlayRows +P OverlayColumns +P OverlayData +P IconImageSequence FILE
    dcmodify -nb -ea "(0088,0200)" FILE

    Example
    -------
    An overlay of 512 rows of 512 columns, and 16,384 bytes instead of 32,768.
    """
    for path, parts in _picture_sizes(instance).items():
        is_overlay = path.steps[-1].startswith("(60")
        wanted = ("rows", "columns") if is_overlay else ("rows", "columns", "samples", "bits")
        needed = 1
        for part in (*wanted, "frames") if "frames" in parts else wanted:
            numbers = parts.get(part, set())
            # Of several icons nobody tells which number is whose.
            needed *= next(iter(numbers)) if len(numbers) == 1 else 0
        if not needed or len(parts["bytes"]) > 1:
            yield Undecided("overlays and icons that do not say their size, or several icons")
        elif next(iter(parts["bytes"])) < -(-needed // 8):
            kind = "overlay" if is_overlay else "icon"
            yield Finding(f"the {kind} is shorter than its rows and columns ask for", path)


def _has_an_image(instance: InstanceFacts) -> bool:
    sop_class = instance.sop_class
    # Of another class, whoever gives rows has an image: a dose is one, a list of curves is none.
    return sop_class in IMAGES | {PARAMETRIC_MAP} or (
        instance.filled("Rows") and bool(sop_class_name(sop_class))
    )


@rule(
    id="FILE025",
    category="integrity",
    severity="error",
    confidence="high",
    reads=(
        "file:pixels",
        "file:syntax",
        "Rows",
        "PixelDataProviderURL",
    ),
    reference="PS3.3 C.7.6.3, C.7.6.24, C.7.6.25",
    applies=Selector(when=_has_an_image),
)
def image_without_pixel_data(instance: InstanceFacts) -> Iterator[Finding]:
    """An image has no pixel data.

    Why it matters
    --------------
    It is counted as an image, sorted into its series, and cannot be shown.

    How to fix
    ----------
    Download or export the object again. If somebody took the pixels out on purpose, say so in
    the documentation of the release: no attribute can.

    Command
    -------
    duckdb -c "SELECT collection, tag_path, count, example FROM 'OUT/findings/*.parquet'
    WHERE rule = 'FILE025'"

    Example
    -------
    A CT image cut down to its header. An image whose pixels are with a provider (Pixel Data
    Provider URL) has none of its own.
    """
    elsewhere = instance.file("syntax") in ELSEWHERE or instance.filled("PixelDataProviderURL")
    if not instance.file("pixels") and not elsewhere:
        yield Finding("an image without pixel data", TagPath.of("PixelData"))


# -- Attributes of the pixels ---------------------------------------------------------------

_SAMPLES = {
    **dict.fromkeys(("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"), 1),
    **dict.fromkeys(("RGB", "HSV", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420"), 3),
    **dict.fromkeys(("YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT", "XYB"), 3),
    **dict.fromkeys(("ARGB", "CMYK"), 4),
}
"""By Photometric Interpretation, retired ones included, its Samples per Pixel."""

_ONLY_BY_PIXEL = frozenset(_SAMPLES) & {
    "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT"
}  # fmt: skip

_HAS_PIXELS = Selector(when=lambda instance: instance.filled("BitsAllocated"))


@rule(
    id="IOD021",
    category="iod",
    severity="error",
    confidence="high",
    reads=(
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "PlanarConfiguration",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
    ),
    reference="PS3.3 C.7.6.3.1, C.8.2.1, C.8.3.1, C.8.8.3, C.8.9.4, PS3.5 8.1.1",
    applies=_HAS_PIXELS,
)
def pixel_attributes_contradict(instance: InstanceFacts) -> Iterator[Finding]:
    """Attributes of the pixels contradict each other.

    Why it matters
    --------------
    They say together what each bit of the pixel data means. Where they cannot all be true,
    every reader chooses which to believe.

    How to fix
    ----------
    Correct the attributes from the source of the pixels; the values that go together are in
    PS3.3 C.7.6.3.1.

    Command
    -------
    dcmdump +P SamplesPerPixel +P PhotometricInterpretation +P PlanarConfiguration FILE
    dcmdump +P BitsAllocated +P BitsStored +P HighBit +P PixelRepresentation FILE
    dcmodify -nb -m "TAG=VALUE" FILE

    Example
    -------
    Bits Stored is 16 and Bits Allocated is 8; RGB with one sample per pixel; 12 bits stored with
    High Bit 9.
    """
    interpretation = instance.text("PhotometricInterpretation")
    greys = GREYS.get(instance.sop_class, ())
    if greys and interpretation and interpretation not in greys:
        yield Finding(
            "Photometric Interpretation is none that the SOP class has",
            TagPath.of("PhotometricInterpretation"),
        )
    samples = _whole(instance, "SamplesPerPixel")
    wanted = _SAMPLES.get(interpretation)
    if wanted and samples and samples != wanted:
        yield Finding(
            "Samples per Pixel is not that of the Photometric Interpretation",
            TagPath.of("SamplesPerPixel"),
        )
    if interpretation in _ONLY_BY_PIXEL and instance.text("PlanarConfiguration") == "1":
        yield Finding(
            "Planar Configuration is 1, with a Photometric Interpretation that is by pixel",
            TagPath.of("PlanarConfiguration"),
        )
    allocated, stored = _whole(instance, "BitsAllocated"), _whole(instance, "BitsStored")
    if allocated and stored and stored > allocated:
        yield Finding("more bits are stored than allocated", TagPath.of("BitsStored"))
    elif stored and (high := _whole(instance, "HighBit")) is not None:
        if high < stored - 1:
            yield Finding("fewer bits than are stored go up to High Bit", TagPath.of("HighBit"))
        elif allocated and high >= allocated:
            yield Finding("High Bit is none of the bits allocated", TagPath.of("HighBit"))
    for keyword in ("PlanarConfiguration", "PixelRepresentation"):
        if instance.filled(keyword) and instance.text(keyword) not in ("0", "1"):
            yield Finding("the value is neither 0 nor 1", TagPath.of(keyword))


@rule(
    id="IOD022",
    category="iod",
    severity="warning",
    confidence="high",
    reads=("BitsAllocated", "BitsStored", "HighBit"),
    reference="PS3.5 8.1.1",
    applies=_HAS_PIXELS,
)
def bits_of_old_editions(instance: InstanceFacts) -> Iterator[Finding]:
    """Bits are placed as only old editions allowed.

    Why it matters
    --------------
    High Bit is one less than Bits Stored, and Bits Allocated is 1 or a multiple of 8. Editions
    before 2014c allowed more; libraries that never met it read wrong values without a word. What
    no edition allowed is IOD021.

    How to fix
    ----------
    Write the pixels again with the low bits used and whole bytes allocated. The command is for
    pixel data that is not compressed.

    Command
    -------
    pydicom: dataset = dcmread("FILE")
    pydicom: pixels = dataset.pixel_array >> dataset.HighBit + 1 - dataset.BitsStored
    pydicom: dataset.PixelData = pixels.tobytes()
    pydicom: dataset.HighBit, dataset.BitsAllocated = dataset.BitsStored - 1, 8 * pixels.itemsize
    pydicom: dataset.save_as("NEW-FILE")

    Example
    -------
    12 bits stored in 16 with High Bit 15.
    """
    allocated, stored = _whole(instance, "BitsAllocated"), _whole(instance, "BitsStored")
    high = _whole(instance, "HighBit")
    if stored and high is not None and stored <= high < (allocated or high + 1):
        yield Finding("High Bit is more than Bits Stored less one", TagPath.of("HighBit"))
    if allocated and allocated != 1 and allocated % 8:
        yield Finding(
            "Bits Allocated is neither 1 nor a multiple of 8", TagPath.of("BitsAllocated")
        )


_Bits = frozenset[tuple[int, int, int]]
"""What may go together: bits allocated, most and fewest bits stored."""


def _bits(allocated: Iterable[int], most: int, fewest: int = 1) -> _Bits:
    return frozenset((each, min(each, most), fewest) for each in allocated)


_GREY = ("MONOCHROME1", "MONOCHROME2")
_BYTE = frozenset({(8, 8, 8)})
_J2K = _bits((8, 16, 24, 32, 40), 38)
_ONE_BIT = _bits((1,), 1)
"""Of grey alone: what a binary segmentation is written with (PS3.5 8.2.2, 8.2.4)."""

_LOSSLESS_JPEG = dict.fromkeys((*_GREY, "PALETTE COLOR", "YBR_FULL", "RGB"), _bits((8, 16), 16))
_JPEG_LS = {
    **dict.fromkeys((*_GREY, "RGB"), _bits((8, 16), 16, 2)),
    "YBR_FULL": _bits((8,), 8, 2),
}
_PROFILES: dict[str, dict[str, _Bits]] = {
    "1.2.840.10008.1.2.4.50": dict.fromkeys((*_GREY, "YBR_FULL_422", "RGB"), _BYTE),
    "1.2.840.10008.1.2.4.51": dict.fromkeys(_GREY, _BYTE | {(16, 12, 12)}),
    "1.2.840.10008.1.2.4.57": _LOSSLESS_JPEG,
    "1.2.840.10008.1.2.4.70": _LOSSLESS_JPEG,
    "1.2.840.10008.1.2.4.80": {**_JPEG_LS, "PALETTE COLOR": _bits((8, 16), 16, 2)},
    "1.2.840.10008.1.2.4.81": _JPEG_LS,
    "1.2.840.10008.1.2.4.90": {
        **dict.fromkeys(_GREY, _J2K | _ONE_BIT),
        **dict.fromkeys(("YBR_RCT", "RGB", "YBR_FULL"), _J2K),
        "PALETTE COLOR": _bits((8, 16), 16),
    },
    "1.2.840.10008.1.2.4.91": {
        # A stream of the lossless syntax is one of this as well (PS3.5 A.4.4).
        **dict.fromkeys(_GREY, _J2K | _ONE_BIT),
        **dict.fromkeys(("YBR_ICT", "YBR_RCT", "RGB", "YBR_FULL"), _J2K),
        "PALETTE COLOR": _bits((8, 16), 16),
    },
    "1.2.840.10008.1.2.5": {
        **dict.fromkeys(_GREY, _bits((8, 16), 16) | _ONE_BIT),
        **dict.fromkeys(("PALETTE COLOR", "RGB"), _bits((8, 16), 16)),
        "YBR_FULL": _bits((8,), 8),
    },
}
"""By transfer syntax, what goes with a Photometric Interpretation (PS3.5 8.2.1 to 8.2.4)."""

_OF_WAVELETS = frozenset({"YBR_ICT", "YBR_RCT"})


@rule(
    id="IOD023",
    category="iod",
    severity="error",
    confidence="medium",
    reads=(
        "file:pixels",
        "file:syntax",
        "PhotometricInterpretation",
        "BitsAllocated",
        "BitsStored",
    ),
    reference="PS3.5 8.2.1, 8.2.2, 8.2.3, 8.2.4",
    applies=Selector(
        when=lambda instance: (
            instance.filled("PhotometricInterpretation")
            and (
                (instance.file("pixels") == "encapsulated" and instance.file("syntax") in _PROFILES)
                or (instance.file("pixels") == "native" and instance.file("syntax") in NATIVE)
            )
        )
    ),
)
def attributes_and_syntax(instance: InstanceFacts) -> Iterator[Finding]:
    """The transfer syntax does not allow what the attributes say of the pixels.

    Why it matters
    --------------
    A compressed image has the colours and bits that its compression can hold. Where the
    attributes say otherwise, they are left over from before it was compressed, or from after,
    and colours come out wrong.

    How to fix
    ----------
    Correct Photometric Interpretation and the bits to what the compressed stream holds, as
    PS3.5 8.2 has them for the transfer syntax.

    Command
    -------
    dcmdump +P TransferSyntaxUID +P PhotometricInterpretation +P BitsAllocated +P BitsStored FILE
    dcmodify -nb -m "(0028,0004)=PHOTOMETRIC-INTERPRETATION" FILE

    Example
    -------
    JPEG Baseline with YBR_FULL, or with 16 bits allocated.
    """
    interpretation = instance.text("PhotometricInterpretation")
    profile = _PROFILES.get(instance.file("syntax"))
    if profile is None:
        if interpretation in _OF_WAVELETS:
            yield Finding(
                "native pixel data, with a Photometric Interpretation of JPEG 2000",
                TagPath.of("PhotometricInterpretation"),
            )
        return
    allowed = profile.get(interpretation)
    if allowed is None:
        yield Finding(
            "the transfer syntax does not have this Photometric Interpretation",
            TagPath.of("PhotometricInterpretation"),
        )
        return
    allocated, stored = _whole(instance, "BitsAllocated"), _whole(instance, "BitsStored")
    if allocated and allocated not in {each for each, _, _ in allowed}:
        yield Finding(
            "the transfer syntax does not have so many Bits Allocated", TagPath.of("BitsAllocated")
        )
    elif stored and not any(
        each == allocated and fewest <= stored <= most for each, most, fewest in allowed
    ):
        yield Finding(
            "the transfer syntax does not have so many Bits Stored", TagPath.of("BitsStored")
        )


# -- Lossy compression --------------------------------------------------------------------

_LOSSY_READS = (
    "file:syntax",
    "file:pixels",
    "LossyImageCompression",
    "LossyImageCompressionMethod",
)


def _is_lossy(instance: InstanceFacts) -> bool:
    return instance.file("syntax") in LOSSY and instance.file("pixels") == "encapsulated"


@rule(
    id="IOD024",
    category="iod",
    severity="error",
    confidence="high",
    reads=_LOSSY_READS,
    reference="PS3.3 C.7.6.1.1.5",
    applies=Selector(when=_is_lossy),
)
def lossy_and_denied(instance: InstanceFacts) -> Iterator[Finding]:
    """The image is compressed with loss, and its attributes deny it.

    Why it matters
    --------------
    Who measures, or trains a model, chooses images by Lossy Image Compression. Once lost,
    nothing brings the pixels back, so the flag is never taken back either.

    How to fix
    ----------
    Set Lossy Image Compression (0028,2110) to 01, and add method and ratio of the compression
    behind those of earlier ones.

    Command
    -------
    dcmodify -nb -i "(0028,2110)=01" -i "(0028,2112)=RATIO" -i "(0028,2114)=METHOD" FILE

    Example
    -------
    JPEG Baseline, and Lossy Image Compression is 00.
    """
    if instance.text("LossyImageCompression") == "00":
        yield Finding(
            "the transfer syntax is lossy, and Lossy Image Compression is 00",
            TagPath.of("LossyImageCompression"),
        )
    methods = instance.values("LossyImageCompressionMethod")
    if any(methods) and LOSSY[instance.file("syntax")] not in methods:
        yield Finding(
            "the method of the transfer syntax is not among the methods of compression",
            TagPath.of("LossyImageCompressionMethod"),
        )


@rule(
    id="IOD025",
    category="iod",
    severity="warning",
    confidence="high",
    reads=(*_LOSSY_READS, "LossyImageCompressionRatio"),
    reference="PS3.3 C.7.6.1.1.5",
    applies=Selector(
        when=lambda instance: (
            _is_lossy(instance)
            or instance.text("LossyImageCompression") == "01"
            or any(map(instance.filled, _LOSSY_READS[3:]))
            or instance.filled("LossyImageCompressionRatio")
        )
    ),
)
def lossy_history(instance: InstanceFacts) -> Iterator[Finding]:
    """The history of lossy compression is incomplete.

    Why it matters
    --------------
    How much was lost, and by what, is known only from these attributes, also after the image
    is decompressed.

    How to fix
    ----------
    Write Lossy Image Compression (0028,2110) with 01, and one value of ratio and method for
    each step of compression.

    Command
    -------
    dcmodify -nb -i "(0028,2110)=01" -i "(0028,2112)=RATIO" -i "(0028,2114)=METHOD" FILE

    Example
    -------
    JPEG Baseline without Lossy Image Compression; two methods and one ratio.
    """
    flag = instance.text("LossyImageCompression")
    methods = instance.values("LossyImageCompressionMethod")
    ratios = instance.values("LossyImageCompressionRatio")
    if _is_lossy(instance) and not flag:
        yield Finding(
            "the transfer syntax is lossy, and Lossy Image Compression is not given",
            TagPath.of("LossyImageCompression"),
        )
    elif flag != "01" and (any(methods) or any(ratios)):
        yield Finding(
            "method or ratio of a lossy compression, and Lossy Image Compression is not 01",
            TagPath.of("LossyImageCompression"),
        )
    if any(methods) and any(ratios) and len(methods) != len(ratios):
        yield Finding(
            "not as many ratios as methods of compression", TagPath.of("LossyImageCompressionRatio")
        )
