# ruff: noqa: RUF001, S104, SIM905 - values are read as words, and one of them is an address of no host.
"""Values with a label: identifiers of each kind, and values that only look like some.

All of it is generated. People are named for animals; numbers are made up, with a check digit
where a state gives one. What is no identifier comes from real vocabularies: names of the data
dictionary and of private dictionaries, meanings of context groups, UIDs, and what protocols,
coils, versions and coordinates look like.

Run as ``python -m tests.labelled_values`` to measure `auditor.identifiers` on them and to write
the figures into ``docs/accuracy.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

from auditor.identifiers import KINDS, signs
from auditor.model import Confidence

DOCUMENT = Path(__file__).parents[1] / "docs" / "accuracy.md"
BEGIN, END = "<!-- identifiers: begin -->", "<!-- identifiers: end -->"


@dataclass(frozen=True)
class Labelled:
    """A text and what it holds.

    Attributes
    ----------
    text
        The value.
    kind
        Of `auditor.identifiers.KINDS`; "" where it holds no identifier.
    source
        Of what vocabulary it is, or how it is written.
    """

    text: str
    kind: str
    source: str


FAMILY = (
    "Quagga Badger Wombat Ocelot Tapir Lemming Axolotl Platypus Ibex Marmot Pangolin Wolverine "
    "Bandicoot Capybara Dugong Echidna Gibbon Jackal Kinkajou Lemur Mongoose Narwhal Okapi Quokka"
).split()
COMMON_GIVEN = "John Maria Michael Sarah David Anna Thomas Laura Peter Julia Robert Claudia".split()
RARE_GIVEN = (
    "Tilly Ngozi Aoife Svein Xochitl Brunhilda Thandiwe Eleftheria Odhran Wanda Eun Zoltan"
).split()


def _names() -> Iterator[tuple[str, str]]:
    people = list(zip(FAMILY, chain(*zip(COMMON_GIVEN, RARE_GIVEN, strict=True)), strict=True))
    for number, (family, given) in enumerate(people):
        yield f"Patient name: {family}, {given}", "label"
        yield f"{family}^{given}", "as VR PN"
        yield f"referred by Dr. {family}", "title"
        yield f"{given} {family}", "two words"
        sentence = (
            f"prior scan of {given} {family} was reviewed",
            f"PT: {family.upper()}, {given.upper()}",
            f"reported by {given} {family}, see addendum",
            f"discussed with Mrs {family} on the ward",
            f"Radiologist: {given} {family}",
            f"study for {family.lower()} {given.lower()}",
        )
        yield sentence[number % len(sentence)], "sentence"


def _record_numbers() -> Iterator[tuple[str, str]]:
    for number in range(12):
        digits = str(7041385 + 918273 * number)
        yield f"MRN {digits}", "label"
        yield f"Patient ID: {digits}", "label"
        yield f"Fallnummer {digits}01, Kontrolle", "label"
        yield f"acc no {digits[:5]}", "label"
        yield f"see {digits} for priors", "bare number"


def _luhn_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _cpf(base: str) -> str:
    for count in (9, 10):
        total = sum((count + 1 - place) * int(base[place]) for place in range(count))
        base += str((total * 10 % 11) % 10)
    return f"{base[:3]}.{base[3:6]}.{base[6:9]}-{base[9:]}"


def _national_ids() -> Iterator[tuple[str, str]]:
    for number in range(12):
        yield f"{212 + 31 * number}-{17 + number}-{4821 + 7 * number}", "United States"
        day = f"{57 + number:02d}{1 + number % 12:02d}{3 + number:02d}"
        birth = f"{day}{121 + 13 * number}"
        yield f"personal number {day}-{birth[6:]}{_luhn_digit(birth)}", "Sweden"
        yield _cpf(f"{318204577 + 1234567 * number:09d}"), "Brazil"
        base = f"756{4821 + number}{3370 + number}{5}"
        check = -sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(base)) % 10
        yield f"AHV {base[:3]}.{base[3:7]}.{base[7:11]}.{base[11]}{check}", "Switzerland"


def _phones() -> Iterator[tuple[str, str]]:
    for number in range(12):
        last = 2048 + 137 * number
        yield f"(555) {234 + number}-{last}", "North America"
        yield f"call 555-{345 + number}-{last}", "North America"
        yield f"+49 30 {4501 + number} {last}", "international"
        yield f"Tel. 0{711 + number}/{last}0{number % 10}", "label"
        yield f"+44 20 7946 0{958 - number}", "international"
        yield f"0{171 + number} {last} {number + 10}", "bare national"
        yield f"555-1{number + 23}-{last}", "North America, an exchange that there is not"
        yield f"please call me at 0{711 + number} {last}0", "asked for"


def _emails() -> Iterator[tuple[str, str]]:
    for family, given in zip(FAMILY[:20], cycle(COMMON_GIVEN), strict=False):
        yield f"{given}.{family}@zoo-hospital.org".lower(), "bare"
        yield f"mail {family.lower()}@radiology.{given.lower()}.edu for CD", "sentence"


def _urls() -> Iterator[tuple[str, str]]:
    for number, family in enumerate(FAMILY[:12]):
        yield f"https://pacs.{family.lower()}-hospital.org/study/{number}", "bare"
        yield f"see http://10.4.{number}.7:8080/viewer", "sentence"
        yield f"www.{family.lower()}-clinic.de", "bare"


def _ips() -> Iterator[tuple[str, str]]:
    for number in range(12):
        yield f"192.168.{number}.{20 + number}", "bare"
        yield f"host 10.12.{number}.{40 + number}", "label"
        yield f"141.{42 + number}.206.{111 + number}", "bare"


def _user_paths() -> Iterator[tuple[str, str]]:
    for family in FAMILY[:12]:
        yield f"C:\\Users\\{family.lower()}\\Desktop\\export.dcm", "Windows"
        yield f"/home/{family.lower()}/dicom/out", "Unix"


def _addresses() -> Iterator[tuple[str, str]]:
    for number, family in enumerate(FAMILY[:12]):
        yield f"{120 + 7 * number} {family} Street", "English"
        yield f"{3 + number} Old {family} Rd, Apt 2", "English"
        yield f"{family}straße {number + 4}", "German"
        yield f"{number + 2}, rue de la {family}", "French"
        yield f"{family} Hill {number + 8}", "no word for street"


def _dates() -> Iterator[tuple[str, str]]:
    months = "Jan Feb March Apr May June Jul Aug September Oct Nov Dec".split()
    for number in range(12):
        year, month, day = 1998 + number, number + 1, number + 9
        yield f"compared to {year}-{month:02d}-{day:02d}", "ISO 8601"
        yield f"DOB {month:02d}/{day:02d}/{year - 40}", "label"
        yield f"Kontrolle {day:02d}.{month:02d}.{year}", "German"
        yield f"{day} {months[number]} {year}", "in words"
        yield f"T1 post {months[number]} {day}, {year}", "in words"
        yield f"scan {year}{month:02d}{day:02d}", "compact"
        yield f"seen {day}.{month}.{year % 100:02d}", "two digits of a year"


def _ages() -> Iterator[tuple[str, str]]:
    for number in range(8):
        yield f"{90 + number} year old female", "words"
        yield f"age: {91 + number}", "label"
        yield f"{92 + number}yo M, fall", "short"
        yield f"0{90 + number}Y", "as VR AS"


def _foreign_names() -> Iterator[tuple[str, str]]:
    for label, name in (
        ("患者氏名：", "山猫花子"), ("姓名:", "白鹭"), ("환자명: ", "너구리"),
        ("ФИО: ", "Барсуков"), ("Пациент: ", "Выхухоль"),
        ("ονοματεπώνυμο: ", "Ασβός"), ("اسم المريض: ", "ثعلب"),
        ("שם המטופל: ", "תחש"),
    ):  # fmt: skip
        yield f"{label}{name}", "label, other script"
        yield f"CT {label}{name} 5mm", "label, other script"
        # Without a label it is any word.
        yield f"CT {name}", "bare, other script"
    yield from ((f"{name}様 胸部", "title, other script") for name in ("山猫", "川獺", "羚羊"))


def _foreign_numbers() -> Iterator[tuple[str, str]]:
    for number, label in enumerate(
        ("患者ID:", "病历号 ", "カルテ番号：", "환자번호: ", "номер карты ", "رقم الملف: ")
    ):
        yield f"{label}{4711082 + 37 * number}", "label, other script"


def _foreign_dates() -> Iterator[tuple[str, str]]:
    for number in range(4):
        yield f"{2001 + number}年{number + 3}月{number + 12}日 胸部", "other script"
        yield f"昭和{40 + number}年{number + 2}月生", "other script"
        yield f"{2001 + number}년 {number + 3}월 {number + 12}일", "other script"
        yield f"осмотр {number + 12} июля {2001 + number}", "other script"


def _foreign_words() -> Iterator[str]:
    yield from (
        "胸部単純CT", "頭部MRI 造影", "患者: 匿名", "担当医先生", "腹部平扫+增强", "右膝關節",
        "左肺下葉",
        "흉부 CT", "복부 초음파", "두부 MRI", "грудная клетка", "головной мозг с контрастом",
        "пациент: нет", "врач: неизвестно", "коленный сустав справа", "κρανίο", "άνω κοιλία",
        "الصدر", "الدماغ مع التباين", "חזה", "בטן עליונה", "छाती", "ทรวงอก", "相隔3月", "第2日",
        "3年後", "平成", "ピクセル 0.5mm", "環椎 正面", "乳房 左 MLO",
    )  # fmt: skip


def _scripts() -> Iterator[tuple[str, str]]:
    for text in (
        "пациент осмотрен", "胸部検査", "환자 검사", "בדיקת חזה", "فحص الصدر", "εξέταση θώρακος",
        "ตรวจทรวงอก", "胸部CT平扫", "грудная клетка", "ひざ 右",
    ):  # fmt: skip
        yield text, "words"
        yield f"CT {text} 5mm", "mixed with Latin"


_POSITIVE = {
    "name": lambda: chain(_names(), _foreign_names()),
    "record number": lambda: chain(_record_numbers(), _foreign_numbers()),
    "national id": _national_ids,
    "phone": _phones,
    "email": _emails,
    "url": _urls,
    "ip": _ips,
    "user path": _user_paths,
    "address": _addresses,
    "date": lambda: chain(_dates(), _foreign_dates()),
    "age": _ages,
    "script": _scripts,
}


@cache
def positives() -> tuple[Labelled, ...]:
    """Return the identifiers, with their kind."""
    return tuple(
        Labelled(text, kind, source)
        for kind, generate in _POSITIVE.items()
        for text, source in generate()
    )


def _spread(values: Iterable[str], count: int) -> Iterator[str]:
    """Yield so many of the values, from all over their order."""
    ordered = sorted(set(values))
    return islice(ordered, 0, None, max(1, len(ordered) // count))


def _meanings() -> Iterator[str]:
    from pydicom.sr._concepts_dict import concepts

    schemes: dict[str, Any] = dict(concepts)
    for scheme in schemes.values():
        for entry in scheme.values():
            yield from (meaning for meaning, _ in entry.values())


def _descriptions() -> Iterator[str]:
    regions = "CHEST ABDOMEN HEAD^BRAIN C-SPINE Knee Prostate Thorax Schaedel Breast Becken".split()
    protocols = (
        "{} ROUTINE (ADULT)", "{}^1_ROUTINE", "AX T2 FLAIR {}", "{} W/O CONTRAST 5.0 B30f",
        "t1_mprage_sag_p2_iso_1.0 {}", "{} 3.0 x 2.5 MPR cor", "LOC {} 3-plane",
        "ep2d_diff_b0_b1000 {}",
        "{} Arterial Phase 1.25mm", "DYN {} 60 sec", "{} Nativ 5.0 I40s 3", "PET AC 3D {}",
        "MR {} tse_dark-fluid_tra_512", "{} std dose 120kV 200mAs", "Sag {} STIR 4mm skip 1",
        "Dr CHEST PA {}", "{} st lung window", "SUB {} 4 - 3", "{} 25 yo volunteer", "{} Phase 90%",
    )  # fmt: skip
    return (each.format(region) for each in protocols for region in regions)


def _machines() -> Iterator[str]:
    yield from (
        "GE MEDICAL SYSTEMS", "SIEMENS", "Philips Medical Systems", "TOSHIBA_MEC", "Canon Medical",
        "Hologic, Inc.", "Carl Zeiss Meditec", "Heidelberg Engineering", "FUJIFILM Corporation",
        "Varian Medical Systems", "Agfa-Gevaert", "Hitachi Medical Corporation", "United Imaging",
        "LightSpeed VCT", "SOMATOM Definition AS+", "Ingenuity TF PET/CT", "MAGNETOM Skyra",
        "Discovery MR750w", "Achieva dStream", "Aquilion ONE", "Biograph 64_mCT", "Optima CT660",
        "syngo MR E11", "syngo CT 2010A VA34A", "27\\LX\\MR Software release:DV25.1_R03_1802.a",
        "5.4.1\\5.4.1.1", "V3.35\\ER008", "4.0.2.0", "10.2.0.5", "2.0.0.16", "1.2.826.0.1",
        "8HRBRAIN", "HEADNECK 16", "BODY 12A", "C:HEA;HEP", "T:BODY", "CP Head 8ch", "32Ch Head",
        "B30f", "H31s\\3", "STANDARD", "SOFT", "FC18", "Br40d\\3", "I31f", "*tfl3d1_16ns",
        "epfid2d1_64",
        "*se2d1", "TSE\\SAT", "WHOLEBODY 150", "SWS ct_1 AC", "MRC 40012", "CTAWP 69443",
        "rsna_test",
    )  # fmt: skip
    for number in range(40):
        yield f"VB{10 + number}A build {2003 + number}.{number}"
        yield f"{number % 9}.{number}.{number % 4}.{number % 7}"


def _coordinates() -> Iterator[str]:
    for number in range(60):
        x, y, z = -125.5 + 3.71 * number, 88.25 - 1.03 * number, 412.125 + 0.625 * number
        yield f"{x:.3f}\\{y:.3f}\\{z:.4f}"
        yield f"({x:.1f}, {y:.1f}, {z:.1f}) mm"
        yield f"{256 + number}x{256 + number}x{100 + number}"
        yield f"{10 + number}:{number % 60:02d}:{(7 * number) % 60:02d}.{1000 + number}"
        yield f"ROI {number}: mean {x:.2f} sd {abs(y):.2f} n={1200 + 17 * number}"


def _dummies() -> Iterator[str]:
    yield from (
        "ANON", "ANONYMOUS", "ANONYMIZED^PATIENT", "REMOVED", "REDACTED", "DEIDENTIFIED", "UNKNOWN",
        "NONE", "N/A", "n.a.", "NO NAME", "TEST^PATIENT", "PHANTOM^ACR", "QA PHANTOM", "dummy",
        "1900-01-01", "19000101", "1970-01-01", "00000000", "000-00-0000", "000-000-0000",
        "0.0.0.0",
        "127.0.0.1", "anon@example.com", "noreply@example.org", "http://example.com/x", "XXXX",
        "xxx",
        "Patient name: REMOVED", "Patient ID: 000000", "MRN: XXXXXX", "DOB: removed",
        "Dr. ANONYMOUS", "reported by REMOVED", "name: unknown", "/home/user/data",
        "C:\\Users\\Public\\x",
    )  # fmt: skip
    for number in range(40):
        yield f"sub-{number:03d}"
        yield f"TCGA-{number:02d}-{4 * number:04d}"
        yield f"LIDC-IDRI-{number:04d}"
        yield f"CASE-{number:03d}_T{number % 3}"
        yield f"{number:02d}-{3 * number:03d}-{number % 5}"


@cache
def negatives() -> tuple[Labelled, ...]:
    """Return values that hold no identifier, with the vocabulary that they are of."""
    from pydicom._dicom_dict import DicomDictionary
    from pydicom._private_dict import private_dictionaries
    from pydicom._uid_dict import UID_dictionary

    private = (row[2] for rows in private_dictionaries.values() for row in rows.values())
    sources: dict[str, Iterable[str]] = {
        "data dictionary (PS3.6)": _spread((row[2] for row in DicomDictionary.values()), 700),
        "context groups (PS3.16)": _spread(_meanings(), 900),
        "UIDs and their names": _spread(
            chain(UID_dictionary, (row[0] for row in UID_dictionary.values())), 300
        ),
        "private dictionaries": _spread((name for name in private if name.isascii()), 400),
        "descriptions of protocols": _descriptions(),
        "manufacturers, models, coils, versions": _machines(),
        "coordinates, sizes, times, statistics": _coordinates(),
        "placeholders and codes of studies": _dummies(),
        "descriptions in other scripts": _foreign_words(),
    }
    return tuple(
        Labelled(text, "", source)
        for source, texts in sources.items()
        for text in dict.fromkeys(texts)
        if text
    )


@dataclass(frozen=True)
class Score:
    """How well one kind is told.

    Attributes
    ----------
    positives
        Identifiers of the kind.
    sure, any
        How many are found with confidence medium or high, and with any confidence.
    false_sure, false_any
        How many values that hold no identifier are taken for the kind.
    """

    positives: int
    sure: int
    any: int
    false_sure: int
    false_any: int


def _kinds(text: str) -> dict[str, Confidence]:
    return dict(signs(text))


@cache
def measure() -> dict[str, Score]:
    """Measure `auditor.identifiers.signs`, by kind."""
    said = [(each.kind, _kinds(each.text)) for each in (*positives(), *negatives())]
    scores = {}
    for kind in KINDS:
        mine = [found.get(kind) for label, found in said if label == kind]
        others = [found.get(kind) for label, found in said if not label]
        scores[kind] = Score(
            len(mine),
            sum(found not in (None, Confidence.LOW) for found in mine),
            sum(found is not None for found in mine),
            sum(found not in (None, Confidence.LOW) for found in others),
            sum(found is not None for found in others),
        )
    return scores


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none found"


def table() -> str:
    """Return the figures as Markdown."""
    scores = measure()
    lines = [
        f"{len(positives())} identifiers and {len(negatives())} values that hold none. *Sure* is "
        "confidence medium or high, which rules report as warnings and errors; *any* counts low "
        "confidence too, which is information.",
        "",
        "| kind | identifiers | recall, sure | precision, sure | recall, any | precision, any |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for kind, each in scores.items():
        rates = (
            _rate(each.sure, each.positives),
            _rate(each.sure, each.sure + each.false_sure),
            _rate(each.any, each.positives),
            _rate(each.any, each.any + each.false_any),
        )
        lines.append(f"| {KINDS[kind]} | {each.positives} | {' | '.join(rates)} |")
    lines += [
        "",
        "| values that hold none | how many | taken for one, sure | any |",
        "|---|---:|---:|---:|",
    ]
    for source in dict.fromkeys(each.source for each in negatives()):
        found = [_kinds(each.text) for each in negatives() if each.source == source]
        sure = sum(any(how is not Confidence.LOW for how in each.values()) for each in found)
        lines.append(f"| {source} | {len(found)} | {sure} | {sum(map(bool, found))} |")
    return "\n".join(lines)


def renew(document: str) -> str:
    """Return a document with the figures between their markers made anew."""
    head, _, rest = document.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main() -> None:
    """Write the figures into `DOCUMENT`."""
    DOCUMENT.write_text(renew(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote the figures of {len(KINDS)} kinds into {DOCUMENT.name}\n")


if __name__ == "__main__":
    main()
