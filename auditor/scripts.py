# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant.
"""Identifiers in scripts other than Latin: what a label or a title says is one.

A name in another script is not told from other words by how it looks. Labels, titles and the
marks of years and days are, in the languages of the scripts that hospitals send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.model import Confidence

_NAME_LABELS = (
    r"患者(?:氏名|姓名|名)|氏名|姓名|病人(?:姓名)?|担当医|主治医|医師名|医师|醫師|"
    r"환자(?:명| ?이름| ?성명)?|성명|이름|담당의|"
    r"ф\.?и\.?о\.?|фамилия|имя|пациент(?:ка)?|врач|ασθενής|ονοματεπώνυμο|όνομα|"
    r"اسم المريض|المريض|الطبيب|الاسم|שם המטופל|שם|מטופלת?|रोगी का नाम|नाम|ชื่อผู้ป่วย|ชื่อ"
)
_NAMED = re.compile(
    rf"(?<!\w)(?:{_NAME_LABELS})[ ]?[:：=＝][ ]*([^\W\d_a-zA-Z][^\W\d_]{{0,30}})", re.IGNORECASE
)
_TITLED = re.compile("([\u3400-\u9fff\u3040-\u30ff]{2,10})[ \u3000]?(?:様|先生)")
_NOBODY = re.compile(
    r"匿名\w*|患者|お?客|皆|担当|主治|当直|読影|放射線科|内科|外科|専門|不明|なし|未知|無|无|"
    r"익명\w*|없음|미상|аноним\w*|нет|неизвест\w*|ανώνυμ\w*|مجهول|אנונימי|अज्ञात|ไม่ระบุ"
)
"""What stands behind a label, or before a title, and is nobody's name."""

_NUMBERED = re.compile(
    r"(?:患者(?:id|番号|编号|編號)|病历号|病歷號|病案号|住院号|カルテ番号|診察券番号|"
    r"환자 ?번호|등록 ?번호|차트 ?번호|номер (?:карты|истории болезни|полиса)|№ ?(?:карты|истории)|"
    r"α\.?μ\.?κ\.?α\.?|رقم (?:الملف|المريض|الهوية)|מספר תיק|ת\.?ז\.?|เลขประจำตัวผู้ป่วย)"
    r"[ ]?[:：=#№.]*[ ]*([A-Za-z]{0,3}-?\d(?:[ ./-]?\d){3,13})",
    re.IGNORECASE,
)
_MONTHS = "янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек"
_DATES = re.compile(
    r"(?:19|20)\d{2} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]|"
    r"(?:明治|大正|昭和|平成|令和) ?(?:\d{1,2}|元) ?年 ?\d{1,2} ?月|"
    rf"(?<!\d)\d{{1,2}} (?:{_MONTHS})\w* (?:19|20)\d{{2}}(?!\d)",
    re.IGNORECASE,
)


def foreign_signs(text: str) -> Iterator[tuple[str, Confidence]]:
    """Yield kinds of identifier in a text that is not ASCII, with how sure they are.

    Parameters
    ----------
    text
        Decoded, in whatever character set it was.
    """
    for match in _NAMED.finditer(text):
        if not _NOBODY.fullmatch(match[1]):
            yield "name", Confidence.MEDIUM
    for match in _TITLED.finditer(text):
        if not _NOBODY.search(match[1]):
            yield "name", Confidence.MEDIUM
    for match in _NUMBERED.finditer(text):
        if len({each for each in match[1] if each.isdigit()}) > 1:
            yield "record number", Confidence.HIGH
    if _DATES.search(text):
        yield "date", Confidence.HIGH
