"""What changed between two runs, in a few plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from sme_research.factory.plan import Language
from sme_research.factory.site.comparison import CANNOT_MOVE, Cause, Comparison, EstimateChange
from sme_research.factory.site.estimates import check_name, verdict_word
from sme_research.factory.site.words import (
    day,
    join,
    parameter_label,
    parameter_value,
    say,
    table_label,
)

MOST_CHECKS: Final = 3
MOST_CAUSES: Final = 4
Opening = Literal["since", "between"]


def tell_changes(comparison: Comparison, language: Language, *, opening: Opening = "since") -> list[str]:
    """At most six sentences: estimate, grade, checks, sample, reasons.

    Parameters
    ----------
    opening : {"since", "between"}
        "Since the last report" for the next report, "compared with" for any other pair.
    """
    first = say(language, f"change.{opening}", date=day(comparison.older.started_at, language))
    said = [first + say(language, "colon") + _tell_estimates(comparison, language)]
    main = _main(comparison)
    if main is not None:
        said += _tell_details(main, language)
    said += _tell_causes(comparison, language)
    return [f"{sentence}{say(language, 'stop').strip()}" for sentence in said]


def tell_cause(cause: Cause, language: Language) -> str:
    """One thing that differs, as a part of a sentence."""
    name, old, new = cause.name, cause.old, cause.new
    key = f"cause.{cause.kind}_{cause.change}"
    if cause.kind == "table":
        if cause.change == "changed" and old == new:
            key += "_same_rows"
        rows = {"old": f"{old or 0:,}", "new": f"{new or 0:,}"}
        return say(language, key, name=name, label=table_label(name, language), **rows)
    if cause.kind == "parameter":
        values = {"old": parameter_value(name, old, language), "new": parameter_value(name, new, language)}
        return say(language, key, label=parameter_label(name, language), **values)
    if cause.kind == "environment":
        return say(language, key, name=say(language, f"environment.{name}"))
    if cause.kind == "edition":
        return say(language, key, old=say(language, f"edition.{old}"), new=say(language, f"edition.{new}"))
    return say(language, key, name=name, old=old, new=new)


def _tell_estimates(comparison: Comparison, language: Language) -> str:
    changes = comparison.estimates
    if not changes:
        return say(language, "change.none")
    if not comparison.moved:
        return say(language, "change.unmoved")
    moved = [change for change in changes if change.moved]
    told = "" if len(changes) == 1 else say(language, "change.several", n=len(changes), moved=len(moved))
    main = _main(comparison)
    assert main is not None
    return (told + ("；" if language == "zh" else "; ") if told else "") + tell_estimate(
        main, language, named=len(changes) > 1
    )


def tell_estimate(change: EstimateChange, language: Language, *, named: bool) -> str:
    """One estimate before and after, as a part of a sentence, with its name where there are others."""
    old, new = change.old, change.new
    one = new or old
    assert one is not None
    name = one.name(language)
    subject = say(language, "change.estimate_of", name=name) if named else say(language, "change.estimate")
    if old is None:
        return say(language, "change.appeared", subject=subject, new=one.shown("estimate", language))
    before = old.shown("estimate", language)
    if new is None:
        return say(language, "change.disappeared", subject=subject, old=before)
    after = new.shown("estimate", language)
    place = {True: "moved_within", False: "moved_outside", None: "moved_unknown"}[change.within_older_interval]
    key = "same_shown" if before == after else place
    return say(language, f"change.{key}", subject=subject, old=before, new=after)


def _main(comparison: Comparison) -> EstimateChange | None:
    """The estimate to speak of: the one that moved most in units of its old error, else one that came or went."""
    moved = [change for change in comparison.estimates if change.moved]
    return max(moved, key=_by_error, default=None)


def _by_error(change: EstimateChange) -> float:
    difference, old = change.difference, change.old
    if difference is None or old is None:
        return 0.0
    return abs(difference) / old.std_error if old.std_error else abs(difference)


def _tell_details(change: EstimateChange, language: Language) -> Iterator[str]:
    old, new = change.old, change.new
    if old is None or new is None:
        return
    if old.sms_level != new.sms_level and None not in (old.sms_level, new.sms_level):
        yield say(language, "change.grade", old=old.sms_level, new=new.sms_level)
    if old.wording != new.wording and old.wording and new.wording:
        wordings = {"old": say(language, f"wording.{old.wording}"), "new": say(language, f"wording.{new.wording}")}
        yield say(language, "change.wording", **wordings)
    if change.checks:
        yield say(language, "change.checks", list=join(language, _tell_checks(change, language), most=MOST_CHECKS))
    if old.n_enterprises != new.n_enterprises and None not in (old.n_enterprises, new.n_enterprises):
        counts = {"old": old.count("n_enterprises"), "new": new.count("n_enterprises")}
        yield say(language, "change.sample", **counts)


def _tell_checks(change: EstimateChange, language: Language) -> list[str]:
    return [
        say(
            language,
            "change.check",
            name=check_name(name, language),
            old=verdict_word(old, language),
            new=verdict_word(new, language),
        )
        for name, (old, new) in change.checks.items()
    ]


def _tell_causes(comparison: Comparison, language: Language) -> Iterator[str]:
    moving = [tell_cause(cause, language) for cause in comparison.explaining]
    still = [tell_cause(cause, language) for cause in comparison.causes if cause.kind in CANNOT_MOVE]
    if moving:
        key = "change.meanwhile" if not comparison.moved else "change.cause" if len(moving) == 1 else "change.causes"
        yield say(language, key, list=join(language, moving, most=MOST_CAUSES))
        return
    if comparison.moved:
        yield say(language, "change.unexplained")
    elif still:
        yield say(language, "change.only_remade", list=join(language, still))
    else:
        yield say(language, "change.same_made")
