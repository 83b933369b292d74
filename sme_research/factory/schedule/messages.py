"""What an alert says, in Chinese and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sme_research.factory.plan import Language
from sme_research.factory.schedule.ages import DataAge
from sme_research.factory.schedule.work import Cause
from sme_research.factory.schedule.workbench import Event

NOTHING: Final = "–"
CAUSES: Final[dict[Cause, dict[Language, str]]] = {
    "reports": {"zh": "部分报告未能生成", "en": "some reports failed"},
    "error": {"zh": "运行出错", "en": "the run failed"},
    "usage": {"zh": "运行设置有误，不再重试", "en": "the command line is wrong; it is not tried again"},
    "disk_full": {"zh": "磁盘已满", "en": "the disk is full"},
    "timeout": {"zh": "超过规定时限", "en": "it took longer than its time limit"},
    "killed": {"zh": "进程被强行终止，可能是内存不足", "en": "the process was killed, perhaps for want of memory"},
    "no_data": {"zh": "数据文件夹不存在，可能尚未报送", "en": "the data folder is not there; perhaps not filed yet"},
    "stopped": {"zh": "随定时服务一同停止", "en": "stopped with the scheduler"},
    "abandoned": {"zh": "运行中途断电或进程被终止", "en": "the process that watched it was killed"},
}
SUBJECTS: Final[dict[Event, dict[Language, str]]] = {
    "failed": {"zh": "【报告未生成】{job}（{occurrence}）", "en": "Reports not made: {job} ({occurrence})"},
    "recovered": {"zh": "【已恢复正常】{job}（{occurrence}）", "en": "Works again: {job} ({occurrence})"},
    "stale": {"zh": "【数据未更新】{job}", "en": "Data are stale: {job}"},
}
BODIES: Final[dict[Event, dict[Language, str]]] = {
    "failed": {
        "zh": "任务“{job}”应于 {occurrence} 运行，共试 {attempts} 次，仍未完成。\n原因：{cause}。\n"
        "已生成 {published} 份，未生成 {failed} 份。此前已发布的报告不受影响。\n"
        "请查看日志：{log}\n排除原因后运行：sme-research run-due --again {name}\n\n{detail}",
        "en": "Job {job!r}, due {occurrence}, was tried {attempts} time(s) and is not done.\nCause: {cause}.\n"
        "{published} report(s) published, {failed} failed. What was published before stays as it is.\n"
        "See the log: {log}\nWhen the cause is mended: sme-research run-due --again {name}\n\n{detail}",
    },
    "recovered": {
        "zh": "任务“{job}”已恢复正常，{occurrence} 一期已完成，发布报告 {published} 份。",
        "en": "Job {job!r} works again: the run due {occurrence} is done, {published} report(s) published.",
    },
    "stale": {
        "zh": "任务“{job}”所用数据截至 {date}，距今 {age}，超过规定的 {limit} 天。\n"
        "文件夹：{folder}\n请核实各部门是否已按时报送。",
        "en": "The data of job {job!r} are as of {date}, {age} ago; the limit is {limit} days.\n"
        "Folder: {folder}\nPlease ask whether the departments have filed.",
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """A subject of one line and a body of plain text."""

    subject: str
    body: str


def explain(cause: Cause, language: Language) -> str:
    """A cause as a sentence without its full stop."""
    return CAUSES[cause][language]


def words_of_age(age: DataAge, language: Language) -> dict[str, object]:
    """What a message says of data and their age."""
    never = {"zh": "（尚无数据）", "en": "(there are none)"}[language]
    days = NOTHING if age.days is None else {"zh": f"{age.days} 天", "en": f"{age.days} days"}[language]
    return {"date": age.as_of or never, "age": days, "limit": age.limit, "folder": age.folder}


def compose(event: Event, language: Language, **words: object) -> Message:
    """The message of an event in one language."""
    return Message(
        SUBJECTS[event][language].format(**words), BODIES[event][language].format_map(words).strip() + "\n"
    )
