"""``workbench.toml``: what is made, when and from which data, whom to alert, what is kept."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from sme_research.errors import FactoryError
from sme_research.factory.plan import Edition, Format, Language
from sme_research.toml import read_toml

WORKBENCH: Final = "workbench.toml"
STATE: Final = ".sme-research"
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS: Final = {"s": "seconds", "min": "minutes", "h": "hours", "day": "days", "days": "days"}
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def parse_duration(value: Any) -> timedelta:
    """Length of time of a text such as ``10 min``; ValueError where it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(s|min|h|days?)", value) if isinstance(value, str) else None
    if not found or not float(found[1]):
        raise ValueError("must be a number and a unit, such as '30 s', '10 min', '6 h' or '2 days'")
    return timedelta(**{UNITS[found[2]]: float(found[1])})


def parse_time(value: Any) -> time_of_day:
    """Time of day of a text such as ``03:00``; ValueError where it is none."""
    if isinstance(value, time_of_day) and not value.microsecond:
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time_of_day.fromisoformat(value)
    raise ValueError("must be hours and minutes, such as '03:00'")


def parse_day(value: Any) -> int | str:
    """Day of a calendar: 1 to 31, ``last``, ``daily`` or a weekday."""
    if type(value) is int and 1 <= value <= 31:
        return value
    if isinstance(value, str) and value in ("last", "daily", *WEEKDAYS):
        return value
    raise ValueError("must be 1 to 31, 'last', 'daily' or a weekday such as 'monday'")


def parse_zone(value: Any) -> ZoneInfo:
    """Time zone of a name such as ``Asia/Shanghai``."""
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError("must be a name of the time zone database, such as 'Asia/Shanghai'") from None


def parse_pattern(value: Any) -> str:
    """Data folder, in which only ``{year}`` and ``{month}`` stand for something."""
    if isinstance(value, str) and value and not re.search(r"[{}]", re.sub(r"\{(year|month)\}", "", value)):
        return value
    raise ValueError("must be a folder, in which only {year} and {month} may stand in braces")


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Month = Annotated[int, Field(ge=1, le=12)]
Event = Literal["failed", "recovered", "stale"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class Job(_Table):
    """One thing to make at its times: notebooks or study files, in their languages, formats and editions.

    ``day`` of the month beyond its end is its last day. ``data`` is a folder,
    ``{year}`` and ``{month}`` in it being those of the day it is due.
    """

    name: Name
    title: str | None = None
    notebooks: Annotated[list[str], Field(min_length=1)] = ["notebooks"]
    day: Annotated[int | str, BeforeValidator(parse_day)]
    time: Annotated[time_of_day, BeforeValidator(parse_time)]
    months: Annotated[list[Month], Field(min_length=1)] = list(range(1, 13))
    timezone: Zone | None = None
    data: Annotated[str, BeforeValidator(parse_pattern)] | None = None
    languages: Annotated[list[Language], Field(min_length=1)] | None = None
    formats: Annotated[list[Format], Field(min_length=1)] | None = None
    editions: Annotated[list[Edition], Field(min_length=1)] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    jobs: Annotated[int, Field(ge=1)] | None = None
    timeout: Duration = timedelta(hours=6)
    force: bool = False


class Retry(_Table):
    """How often a run is tried in all, and how long to wait: ``wait``, then ``factor`` times as long each time."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    wait: Duration = timedelta(minutes=10)
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0

    def wait_after(self, attempt: int) -> timedelta:
        """Time from the end of a failed attempt, counted from 1, to the next."""
        return self.wait * self.factor ** (attempt - 1)


class _Alert(_Table):
    name: Name
    on: Annotated[list[Event], Field(min_length=1)] = ["failed", "stale", "recovered"]
    language: Language = "zh"


class CommandAlert(_Alert):
    """A program that is given the message on its standard input."""

    kind: Literal["command"]
    argv: Annotated[list[str], Field(min_length=1)]


class _Secret(_Table):
    """Where a secret is read from: an environment variable or a file, never the workbench itself."""

    secret_env: str | None = None
    secret_file: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> _Secret:
        if self.secret_env and self.secret_file:
            raise ValueError("secret_env and secret_file are both given; keep one")
        return self


class SmtpAlert(_Alert, _Secret):
    """A mail; a password goes only over an encrypted connection, or to this machine itself."""

    kind: Literal["smtp"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    sender: str
    to: Annotated[list[str], Field(min_length=1)]
    security: Literal["none", "starttls", "tls"] = "none"
    ca_file: str | None = None
    user: str | None = None

    @model_validator(mode="after")
    def _guarded(self) -> SmtpAlert:
        if bool(self.user) != bool(self.secret_env or self.secret_file):
            raise ValueError("user needs secret_env or secret_file, and these need user")
        if self.user and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("a password must not go unencrypted; set security to 'starttls' or 'tls'")
        return self


class WebhookAlert(_Alert, _Secret):
    """A POST of JSON: a record of the event, or the text message that chat robots take."""

    kind: Literal["webhook"]
    url: Annotated[str, Field(pattern=r"^https?://")]
    body: Literal["record", "chat"] = "record"
    ca_file: str | None = None


Alert = Annotated[CommandAlert | SmtpAlert | WebhookAlert, Field(discriminator="kind")]


class Health(_Table):
    """When data count as stale: days since the end of the month they were filed for, or since they were written."""

    stale_after_days: Annotated[int, Field(ge=1)] = 35


class Retention(_Table):
    """What is kept beside what is signed: the newest runs of a report, and all that is young enough."""

    keep: Annotated[int, Field(ge=1)] = 12
    older_than_days: Annotated[int, Field(ge=0)] = 400


class Workbench(_Table):
    """The whole file. ``root``, the file's folder, is where its relative paths start."""

    root: Path
    timezone: Zone = ZoneInfo("Asia/Shanghai")
    reports: str = "reports"
    schedule: Annotated[list[Job], Field(min_length=1)]
    retry: Retry = Retry()
    alert: list[Alert] = []
    health: Health = Health()
    retention: Retention | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Workbench:
        named = {"schedule": [job.name for job in self.schedule], "alert": [alert.name for alert in self.alert]}
        for what, names in named.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two [[{what}]] are named {twice[0]!r}; each needs a name of its own")
        return self

    @property
    def reports_folder(self) -> Path:
        """Folder of the published site."""
        return self.root / self.reports

    @property
    def state(self) -> Path:
        """Folder of what is remembered: run table, locks, logs."""
        return self.reports_folder.parent / STATE

    def data_of(self, job: Job, day: date) -> Path | None:
        """Data folder of the job on a day; None where each notebook has its own."""
        return self.root / job.data.format(year=f"{day:%Y}", month=f"{day:%m}") if job.data else None

    def zone_of(self, job: Job) -> ZoneInfo:
        """Time zone in which the job's times are meant."""
        return job.timezone or self.timezone

    def job(self, name: str) -> Job:
        """The job of that name.

        Raises
        ------
        FactoryError
            There is none.
        """
        for job in self.schedule:
            if job.name == name:
                return job
        known = ", ".join(repr(job.name) for job in self.schedule)
        raise FactoryError(f"job {name!r} is not known; choose one of {known}.")


def read_workbench(path: Path) -> Workbench:
    """Read and check the file.

    Raises
    ------
    FactoryError
        It is not there, is no TOML, or a value breaks a rule: file, key, value and rule are named.
    """
    try:
        content = read_toml(path)
    except FileNotFoundError:
        raise FactoryError(f"{path} does not exist; write it, or name another with --config.") from None
    except ValueError as error:
        raise FactoryError(f"{path} is no TOML: {error}.") from None
    if "root" in content:
        raise FactoryError(f"{path}, root: is not known; relative paths start at the file's folder.")
    try:
        return Workbench.model_validate({**content, "root": Path(os.path.abspath(path)).parent})
    except ValidationError as fault:
        raise FactoryError(f"{path}{_explain(fault, content)}") from None


def read_secret(alert: SmtpAlert | WebhookAlert, root: Path) -> str | None:
    """The alert's password or token; None where it needs none.

    Raises
    ------
    FactoryError
        The variable is not set, or the file is not there or open to others.
    """
    if alert.secret_env:
        if value := os.environ.get(alert.secret_env):
            return value
        raise FactoryError(f"alert {alert.name!r}: the environment variable {alert.secret_env} is not set; set it.")
    if not alert.secret_file:
        return None
    path = root / alert.secret_file
    try:
        if path.stat().st_mode & 0o077:
            raise FactoryError(f"alert {alert.name!r}: {path} can be read by others; give it the mode 600.")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise FactoryError(f"alert {alert.name!r}: {path}: {error.strerror}; put the secret there.") from None


def _explain(fault: ValidationError, content: Any) -> str:
    """Place, value and rule of the first fault."""
    # A misspelt key is also a missing one: say the cause first.
    first = min(fault.errors(), key=lambda error: error["type"] != "extra_forbidden")
    place: list[str] = []
    at = content
    for part in first["loc"]:
        if isinstance(part, int):
            at = at[part]
            place[-1] += f" {at['name']!r}" if isinstance(at, dict) and "name" in at else f" {part + 1}"
        elif not (isinstance(at, dict) and at.get("kind") == part):  # else the tag of a union, no key of the file
            place.append(str(part))
            at = at.get(part) if isinstance(at, dict) else None
    where = "".join(f", {part}" for part in place)
    if first["type"] == "missing":
        return f"{where}: is missing; add it."
    if first["type"] == "extra_forbidden":
        return f"{where}: is not known; remove it or correct its spelling."
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "must").rstrip(".")
    value = "" if isinstance(first["input"], (dict, BaseModel)) else f" {first['input']!r}"
    return f"{where}:{value} {message}."
