"""The first page of the policy mix."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.policy.combinations import Combinations
from sme_research.policy.mix import MixFinding
from sme_research.policy.targeting import Targeting
from sme_research.present.parts.mix.combining import name_of, period_of
from sme_research.present.parts.mix.effects import WORDING, interaction_sentence
from sme_research.present.show import Text
from sme_research.present.words import MARK, count, join, share, text


def summarise_mix(combinations: Combinations, finding: MixFinding, reached: Sequence[Targeting], lang: str) -> Text:
    """Who gets what together, what goes beyond the sum, who is reached, and what not to do with it."""
    parts = [
        _combined(combinations, lang),
        *(interaction_sentence(finding, each, lang) for each in finding.interactions if len(each.instruments) == 2),
        text(lang, "mix.silence"),
        *(_reached(each, lang) for each in reached if each.instrument in finding.instruments),
        text(lang, "mix.use"),
    ]
    return Text("\n".join(f"- {part}" for part in parts), WORDING)


def _combined(found: Combinations, lang: str) -> str:
    one = found.by_number[1] if len(found.by_number) > 1 else 0
    told_all = [found.n_enterprises, found.n_none, one]
    n_several = MARK if None in told_all else count((told_all[0] or 0) - (told_all[1] or 0) - (told_all[2] or 0))
    together = [each for each in found.combinations if len(each.instruments) > 1][:2]
    told = [
        text(lang, "mix.combined_one", names=name_of(each.instruments, found, lang), n=count(each.n))
        for each in together
    ]
    return text(
        lang,
        "mix.combined",
        period=period_of(found, lang),
        n=count(found.n_enterprises),
        none=count(found.n_none),
        one=count(one),
        several=n_several,
        top=join(lang, told) or text(lang, "mix.no_combination"),
    )


def _reached(each: Targeting, lang: str) -> str:
    facts = {
        "name": each.label[lang],
        "n": count(each.n_eligible),
        "reach": share(each.reach),
        "recipients": count(each.n_recipients),
        "leakage": share(each.leakage),
    }
    return text(lang, "mix.reached", **facts)
