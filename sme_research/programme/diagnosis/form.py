"""The form that an enterprise fills in: a blank workbook, and what a filled one says."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from sme_research.errors import DataError
from sme_research.programme.diagnosis.records import metrics_of_enterprises
from sme_research.programme.workbooks import save_workbook
from sme_research.rules import METRICS, Metric
from sme_research.tables.industries import is_industry
from sme_research.tables.parsing import NUMBER
from sme_research.tables.reading import NO_WORKBOOK

SHEETS: Final[Mapping[str, Mapping[str, str]]] = {
    "basic": {"zh": "基本信息", "en": "Basic information"},
    "economic": {"zh": "经济效益", "en": "Economic benefit"},
    "innovation": {"zh": "创新能力", "en": "Innovation"},
    "operation": {"zh": "经营管理", "en": "Operation and management"},
}
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "zh": ("代号", "项目", "填写", "单位", "填报说明", "可填内容"),
    "en": ("Key", "Item", "Answer", "Unit", "What is meant", "What may be filled in"),
}
ANSWER: Final = 3
MOST_BYTES: Final = 50_000_000
"""Of an unpacked form, whose blank has some ten thousand."""
FIRST_ROW: Final = 4
UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    "years": {"zh": "年", "en": "years"}, "1 or 0": {"zh": "是或否", "en": "yes or no"},
    "level": {"zh": "等级", "en": "level"}, "fraction": {"zh": "%", "en": "%"},
    "rights": {"zh": "件", "en": "rights"}, "points": {"zh": "分", "en": "points"},
    "businesses": {"zh": "项", "en": "businesses"}, "rank": {"zh": "名次", "en": "rank"},
    "万元": {"zh": "万元", "en": "10,000 yuan"}, "persons": {"zh": "人", "en": "persons"},
    "code": {"zh": "代码", "en": "code"}, "day": {"zh": "日期", "en": "day"}, "text": {"zh": "文字", "en": "text"},
}  # fmt: skip
YES: Final[Mapping[str, float]] = {"是": 1.0, "否": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0}
HINT: Final[Mapping[str, str]] = {
    "zh": "只填写“填写”一列。不清楚的留空，留空按“未知”处理，不按零计。占比和增长率按百分数填写，如 3.5 表示 3.5%。",
    "en": "Fill in the column Answer only. Leave blank what is not known: blank is unknown, not zero. "
    "Shares and rates are in percent: 3.5 means 3.5%.",
}


@dataclass(frozen=True, slots=True)
class Extra:
    """A question that is no metric: it finds the peers or the day."""

    name: str
    unit: str
    label: Mapping[str, str]
    meaning: Mapping[str, str]


EXTRAS: Final = (
    Extra("enterprise_id", "text", {"zh": "统一社会信用代码", "en": "Unified social credit code"},
          {"zh": "可不填；填写后用于从同行中剔除本企业", "en": "May stay blank; else it is no peer of its own"}),
    Extra("on", "day", {"zh": "评估日期", "en": "Day of the assessment"},
          {"zh": "如 2026-06-30，决定适用哪一套标准", "en": "Such as 2026-06-30: decides which rules apply"}),
    Extra("industry_code", "code", {"zh": "行业代码", "en": "Industry code"},
          {"zh": "国民经济行业分类 2 至 4 位代码", "en": "2 to 4 digits of GB/T 4754-2017"}),
    Extra("employees", "persons", {"zh": "从业人数", "en": "Employees"},
          {"zh": "上年末从业人数，用于划分企业规模", "en": "At the last year's end; decides the size class"}),
    Extra("assets", "万元", {"zh": "资产总额", "en": "Total assets"},
          {"zh": "上年末；仅建筑、房地产、租赁和商务服务业需要", "en": "Last year's end; a few industries only"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answers:
    """A filled form: values by metric (in its unit, NaN where blank), and the extras that were given."""

    values: Mapping[str, float]
    enterprise_id: str
    on: date | None
    industry_code: str
    employees: float
    assets: float


def write_form(path: Path, lang: str) -> None:
    """Write the blank form: one sheet a group, one row a question.

    Raises
    ------
    DataError
        The file is there already.
    """
    if path.exists():
        raise DataError(f"{path.as_posix()} is there already; it may be filled in. Choose another name or remove it.")
    book = Workbook()
    book.remove(book.worksheets[0])
    for group, titles in SHEETS.items():
        sheet = book.create_sheet(titles[lang])
        _head(sheet, titles[lang], lang)
        for at, question in enumerate(_questions(group)):
            _write_question(sheet, FIRST_ROW + at, question, lang)
        sheet.protection.sheet = True
    save_workbook(book, path)


def _questions(group: str) -> list[Metric | Extra]:
    extras: list[Metric | Extra] = list(EXTRAS) if group == "basic" else []
    return extras + [metric for metric in metrics_of_enterprises() if metric.group == group]


def _head(sheet: Worksheet, title: str, lang: str) -> None:
    sheet["B1"], sheet["B2"] = title, HINT[lang]
    sheet["B1"].font = Font(bold=True, size=14)
    sheet.merge_cells("B2:F2")
    sheet["B2"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[2].height = 34
    for column, head in enumerate(HEADS[lang], start=1):
        cell = sheet.cell(FIRST_ROW - 1, column, head)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E3E6EA")
    for letter, width in zip("ABCDEF", (14, 34, 16, 12, 52, 26), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.column_dimensions["A"].hidden = True
    sheet.freeze_panes = f"A{FIRST_ROW}"


def _write_question(sheet: Worksheet, row: int, question: Metric | Extra, lang: str) -> None:
    allowed = _allowed(question, lang)
    for column, content in enumerate(
        (question.name, question.label[lang], None, UNITS[question.unit][lang], question.meaning[lang], allowed),
        start=1,
    ):
        cell = sheet.cell(row, column, content)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    answer = sheet.cell(row, ANSWER)
    answer.protection, answer.fill = Protection(locked=False), PatternFill("solid", fgColor="FFF8DC")
    if question.unit in ("text", "code"):
        answer.number_format = "@"
    rule = _validation(question, lang)
    if rule is not None:
        rule.error, rule.showErrorMessage = allowed, True
        sheet.add_data_validation(rule)
        rule.add(answer)


def limits(question: Metric | Extra) -> tuple[float | None, float | None]:
    """Least and most of what may be filled in, in the form's own unit; None where there is none."""
    least, most = (question.least, question.most) if isinstance(question, Metric) else (0.0, None)
    factor = _factor(question)
    return (None if least is None else least * factor, None if most is None else most * factor)


def _factor(question: Metric | Extra) -> float:
    return 100.0 if question.unit == "fraction" else 1.0


def _whole(question: Metric | Extra) -> bool:
    return question.unit in ("persons", "rank") or (
        isinstance(question, Metric) and question.kind in ("level", "count")
    )


def _allowed(question: Metric | Extra, lang: str) -> str:
    """What may be filled in, in words."""
    chinese = lang == "zh"
    if question.unit == "1 or 0":
        return "是、否" if chinese else "yes or no"
    if question.unit in ("text", "code", "day"):
        return UNITS[question.unit][lang]
    least, most = limits(question)
    kind = ("整数" if chinese else "a whole number") if _whole(question) else ("数字" if chinese else "a number")
    if least is None:
        return kind
    if most is None:
        return f"{kind}，不小于 {least:g}" if chinese else f"{kind}, {least:g} or more"
    return f"{kind}，{least:g} 至 {most:g}" if chinese else f"{kind}, {least:g} to {most:g}"


def _validation(question: Metric | Extra, lang: str) -> DataValidation | None:
    if question.unit == "1 or 0":
        return DataValidation(type="list", formula1='"是,否"' if lang == "zh" else '"yes,no"', allow_blank=True)
    if question.unit in ("text", "code", "day"):
        return None
    kind = "whole" if _whole(question) else "decimal"
    least, most = limits(question)
    if least is None:
        return DataValidation(type=kind, operator="between", formula1="-1E+9", formula2="1E+9", allow_blank=True)
    if most is None:
        return DataValidation(type=kind, operator="greaterThanOrEqual", formula1=f"{least:g}", allow_blank=True)
    return DataValidation(
        type=kind, operator="between", formula1=f"{least:g}", formula2=f"{most:g}", allow_blank=True
    )


def read_form(path: Path) -> Answers:
    """What a filled form says.

    Raises
    ------
    DataError
        The file is no such form; or cells break a rule: each with file, sheet, row,
        value, rule and what to do.
    """
    book, formulas = _open(path)
    questions = {question.name: question for group in SHEETS for question in _questions(group)}
    found: dict[str, Any] = {}
    faults: list[str] = []
    for sheet in book.worksheets:
        for row, name, content in _cells(sheet):
            place = f"{path.name}, sheet {sheet.title}, row {row}"
            if content is None and formulas[sheet.title].cell(row, ANSWER).value is not None:
                found[name] = None
                faults.append(f"{place}: the answer is a formula without a result. Write the value in its place.")
            elif name not in questions:
                faults.append(f"{place}: {_unknown(name, questions)}")
            elif name in found:
                faults.append(f"{place}: {name} is asked twice; remove one of the rows.")
            else:
                try:
                    found[name] = _read_cell(questions[name], content)
                except ValueError as error:
                    found[name] = None
                    faults.append(f"{place} ({questions[name].label['zh']}, {questions[name].label['en']}): {error}")
    if not found and not faults:
        raise DataError(f"{path.name}: holds no question of the form. Write a blank one with diagnose --blank.")
    if faults:
        raise DataError("\n".join(faults))
    return _answers(found)


def _open(path: Path) -> tuple[Workbook, Workbook]:
    """The workbook with the results of its formulas, and with the formulas themselves."""
    if not path.is_file():
        raise DataError(f"{path.as_posix()} does not exist. Write a blank form with diagnose --blank and fill it in.")
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(path).infolist())
        if unpacked > MOST_BYTES:
            raise DataError(
                f"{path.name} unpacks to {unpacked:,} bytes, must be {MOST_BYTES:,} or less: "
                "it is no form. Write a blank one with diagnose --blank."
            )
        return load_workbook(path, data_only=True), load_workbook(path)
    except DataError:
        raise
    except NO_WORKBOOK:
        raise DataError(f"{path.name} is no XLSX workbook. Save the filled form as .xlsx.") from None


def _cells(sheet: Worksheet) -> Iterator[tuple[int, str, object]]:
    """Row, key and answer of every question of a sheet."""
    for row, cells in enumerate(
        sheet.iter_rows(min_row=FIRST_ROW, max_col=ANSWER, values_only=True), start=FIRST_ROW
    ):
        if cells[0] not in (None, ""):
            yield row, str(cells[0]).strip(), cells[ANSWER - 1]


def _unknown(name: str, questions: Mapping[str, Metric | Extra]) -> str:
    near = difflib.get_close_matches(name, questions, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"key {name!r} is no question of the form{hint}. Leave column A as the blank form has it."


def _read_cell(question: Metric | Extra, content: object) -> Any:
    """One answer in the metric's unit; None where blank; ValueError with value, rule and remedy."""
    if content is None or not str(content).strip():
        return None
    match question.unit:
        case "text":
            return str(content).strip()
        case "day":
            return _read_day(content)
        case "code":
            return _read_code(content)
        case "1 or 0":
            answer = YES.get(_plain(content).lower())
            if answer is None:
                raise ValueError(f"{content!r} must be 是 or 否 (yes or no). Choose one or leave the cell blank.")
            return answer
        case _:
            return _read_number(question, content)


def _plain(content: object) -> str:
    """A cell as text; 1.0 and True are 1."""
    if isinstance(content, (bool, int, float)) and float(content).is_integer():
        return str(int(content))
    return str(content).strip()


def _read_number(question: Metric | Extra, content: object) -> float:
    shown = unicodedata.normalize("NFKC", _plain(content))
    percent = question.unit == "fraction"
    shown = shown.rstrip("%").strip() if percent else shown
    if not re.fullmatch(NUMBER, shown, re.ASCII):
        raise ValueError(f"{content!r} must be {_allowed(question, 'en')}. Write digits only.")
    number = float(shown.replace(",", ""))
    least, most = limits(question)
    low, high = least is not None and number < least, most is not None and number > most
    if low or high or not math.isfinite(number) or (_whole(question) and not number.is_integer()):
        unit = UNITS[question.unit]["en"]
        raise ValueError(f"{content!r} must be {_allowed(question, 'en')} ({unit}). Correct it or leave it blank.")
    return number / _factor(question)


def _read_day(content: object) -> date:
    if isinstance(content, date):
        return content.date() if hasattr(content, "date") else content  # a datetime is a date too
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", str(content).strip())
    try:
        return date(*(int(part) for part in parts.groups())) if parts else date.fromisoformat("")
    except ValueError:
        raise ValueError(f"{content!r} must be a day such as 2026-06-30. Correct it or leave it blank.") from None


def _read_code(content: object) -> str:
    code = _plain(content)
    padded = code.zfill(2)
    if not is_industry(padded):
        raise ValueError(f"{content!r} must be a code of GB/T 4754-2017, 2 to 4 digits such as 3562. Look it up.")
    return padded


def _answers(found: Mapping[str, Any]) -> Answers:
    def number(name: str) -> float:
        value = found.get(name)
        return math.nan if value is None else float(value)

    return Answers(
        values=_derive({name: number(name) for name in METRICS}),
        enterprise_id=found.get("enterprise_id") or "",
        on=found.get("on"),
        industry_code=found.get("industry_code") or "",
        employees=number("employees"),
        assets=number("assets"),
    )


def _derive(values: dict[str, float]) -> dict[str, float]:
    """Values with what follows by arithmetic from others, where it was left blank."""
    last, before, revenue = (values[name] for name in ("rd_expense", "rd_expense_previous", "revenue"))
    follows = {
        "rd_ratio": last / revenue if revenue > 0 else math.nan,
        "rd_expense_mean_2y": (last + before) / 2,
        "rd_expense_sum_2y": last + before,
    }
    return values | {name: value for name, value in follows.items() if math.isnan(values[name])}
