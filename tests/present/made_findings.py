"""Findings made by hand: the presentation is tested without any estimator."""

from dataclasses import replace

import numpy as np

from sme_research.results import (
    Check,
    Contrast,
    CostFigures,
    DosePoint,
    DoseResponse,
    Effect,
    EventStudy,
    EventTimeEffect,
    Finding,
    FlowStep,
    Grade,
    Inference,
    Interaction,
    NaturalUnits,
    OfficialFact,
    OutcomeEffect,
    PlanRecord,
    PublishedEffect,
    SampleFlow,
    Sensitivity,
    Specification,
    SubgroupEffect,
    ThresholdDensity,
)

UNITS = ("log points", "share", "log points a year")
STRONG = Grade(3, "effect", ("design_callaway_santanna",))
WEAK = Grade(2, "association", ("design_callaway_santanna", "failed_pretrends"))
BARE = Grade(1, "description", ("design_two_way_fixed_effects",))


def effect_of(estimate, std_error=0.01, unit="log points", **more):
    half = 1.96 * std_error
    made = Effect(
        estimand="ATT",
        estimate=estimate,
        std_error=std_error,
        ci_low=estimate - half,
        ci_high=estimate + half,
        level=0.95,
        unit=unit,
        n_enterprises=5_587,
        n_treated=1_624,
        n_observations=42_236,
        n_clusters=5_587,
        n_treated_clusters=1_624,
        estimator="callaway_santanna",
        comparison="not_yet_treated",
        n_cells=28,
    )
    return replace(made, **more)


def event_study_of(unit="log points"):
    estimates = {-5: 0.004, -4: -0.006, -3: 0.002, -2: -0.003, 0: 0.033, 1: 0.046, 2: 0.073, 3: 0.077, 4: 0.065}
    points = tuple(
        EventTimeEffect(time, value, 0.01, value - 0.02, value + 0.02, 1_600 - 150 * abs(time))
        for time, value in estimates.items()
    )
    return EventStudy(points, np.eye(len(points)) * 1e-4, 0.95, unit, "callaway_santanna", "not_yet_treated")


def checks_of():
    chances = tuple(
        {"from": at / 10, "to": (at + 1) / 10, "treated": 10 * at + 5, "comparison": 200 - 18 * at}
        for at in range(10)
    )
    differences = tuple(
        {"covariate": name, "treated": 1.2, "comparison": 1.0, "standardised_difference": gap}
        for name, gap in (("x_size", 0.48), ("x_rd_intensity", -0.21))
    )
    family = (
        {"outcome": "log_revenue", "p_value": 0.0001, "q_value": 0.0003, "p_holm": 0.0003},
        {"outcome": "profit_margin", "p_value": 0.21, "q_value": 0.31, "p_holm": 0.42},
        {"outcome": "promotion", "p_value": 0.04, "q_value": 0.09, "p_holm": 0.12},
    )
    return (
        Check("balance", "warn", 0.48, None, {"largest": 0.48, "limit": 0.25}, differences),
        Check("overlap", "pass", 0.001, None, {"share_alone": 0.001, "n_alone": 2.0}, chances),
        Check("power", "warn", 0.023, None, {"mde": 0.023, "power": 0.8}),
        Check(
            "pretrends",
            "pass",
            3.5,
            0.834,
            {
                "detectable_trend": 0.0099,
                "undetected_bias": 0.029,
                "p_steady": 0.77,
                "n_periods": 7.0,
                "largest": 0.03,
            },
        ),
        Check("sample_flow", "pass", 0.03, None, {"gap": 0.029, "lost_treated": 0.048, "lost_comparison": 0.077}),
        Check("few_clusters", "not_applicable", None, None),
        Check("cohort_years", "pass", 0.0, None, {"n_cells": 28.0, "n_lost": 0.0, "n_unsure": 0.0}),
        Check(
            "multiplicity",
            "pass",
            0.0003,
            0.0001,
            {"n_outcomes": 3.0, "p_primary": 0.0001, "q_primary": 0.0003, "holm_primary": 0.0003},
            family,
        ),
    )


def more_checks():
    moved = {"coefficient": -0.04, "implied_bias": 0.012, "by_partners": 1.0}
    crossed = {"share_up_treated": 0.08, "share_up_comparison": 0.05, "share_down_treated": 0.01}
    lost = {"gap": 0.06, "lost_treated": 0.04, "lost_comparison": 0.10, "lee_low": 0.03, "lee_high": 0.08}
    thresholds = tuple(
        {"threshold": name, "p_value": p_value, "p_adjusted": adjusted}
        for name, p_value, adjusted in (("rd_share", 0.016, 0.048), ("revenue", 0.6, 0.8), ("growth", 0.4, 0.8))
    )
    gathered = {"n_thresholds": 3.0, "n_jumps": 1.0, "threshold": 3.0}
    return (
        Check("manipulation", "warn", 2.4, 0.048, gathered, thresholds),
        Check("spillovers", "warn", -0.04, 0.03, moved),
        Check("attrition", "warn", 0.06, 0.01, lost),
        Check("above_scale", "pass", 0.03, 0.2, {"gap": 0.03, **crossed, "share_down_comparison": 0.012}),
    )


def plain(unit="log points", estimate=0.054, std_error=0.008, grade=STRONG):
    """A finding with nothing but its core: every other part is empty."""
    return Finding(
        instrument="training",
        outcome="log_revenue" if unit == "log points" else "promotion",
        instrument_label={"zh": "企业家培训", "en": "Entrepreneur training"},
        outcome_label={"zh": "营业收入", "en": "revenue"}
        if unit == "log points"
        else {"zh": "晋升“小巨人”", "en": "promotion to little giant"},
        covariate_label={
            "x_size": {"zh": "规模", "en": "size"},
            "x_rd_intensity": {"zh": "研发强度", "en": "R&D intensity"},
        },
        words={
            "treatment": {"zh": "企业首次派人参加培训的年份", "en": "the year in which it first sent somebody"},
            "population": {"zh": "有年度经营数据的全部企业", "en": "all enterprises with yearly accounts"},
            "comparison": {"zh": "当年尚未参加过培训的企业", "en": "enterprises that had not yet attended"},
            "selection": {"zh": "企业自愿报名。", "en": "Enterprises enrol themselves."},
            "mechanism": {"zh": "学习 → 改变 → 增长", "en": "learning → change → growth"},
            "transformation": {"zh": "取自然对数", "en": "natural logarithm"},
            "zero": {"zh": "为零时不取对数，记为缺失", "en": "a zero has no logarithm and counts as missing"},
            "missing": {"zh": "未填即缺失，不补", "en": "a blank is missing and not filled in"},
        },
        years=(2016, 2024),
        flow=SampleFlow(
            (
                FlowStep("accounts", 6_000, 1_700, 45_000),
                FlowStep("two_years", 5_587, 1_700, 42_236),
                FlowStep("before_and_after", 5_587, 1_624, 42_236),
            )
        ),
        effect=effect_of(estimate, std_error, unit),
        event_study=event_study_of(unit),
        checks=checks_of(),
        grade=grade,
    )


def full(unit="log points", grade=STRONG, **more):
    """A finding with every part, its numbers plain to see."""
    made = plain(unit, grade=grade, **more)
    labels = {"zh": "营业收入", "en": "revenue"}
    size = ("size", {"zh": "规模", "en": "size"})
    return replace(
        made,
        checks=(*made.checks, *more_checks()),
        steps={
            "zh": ("企业家培训", "学到管理、数字化与市场方法", "经营做法改变", "效率与销售提高", "收入与就业增长"),
            "en": (
                "Entrepreneur training",
                "Management, digital and market methods are learnt",
                "Practices change",
                "Efficiency and sales rise",
                "Revenue and jobs grow",
            ),
        },
        plan=PlanRecord(
            "a" * 64,
            "b" * 64,
            ("covariates: size → –",),
            ("never_treated", "imputation"),
            ("log_revenue",),
            ("size",),
        ),
        natural=NaturalUnits(2_345.6, 130.1, 92.4, 168.9, {"zh": "万元", "en": "10,000 yuan"})
        if unit == "log points"
        else None,
        inferences=(
            Inference("cluster_jackknife", 0.054, 0.02, 0.012, 0.096, 0.014, 29.0, 30, 8, unit),
            Inference("clustered", 0.054, 0.015, 0.024, 0.084, 0.0004, None, 30, 8, unit),
            Inference("permutation", 0.049, None, None, None, 0.031, None, 30, 8, unit),
        ),
        sensitivity=(
            Sensitivity(
                "relative_magnitudes",
                tuple(
                    {"size": size, "low": 0.038 - 0.03 * size, "high": 0.07 + 0.03 * size}
                    for size in (0.0, 0.5, 1.0, 1.5, 2.0)
                ),
                1.27,
                0.95,
                unit,
            ),
            Sensitivity("smoothness", ({"size": 0.0, "low": -0.01, "high": 0.1},), None, 0.95, unit),
        ),
        specifications=_specifications(unit),
        family=(
            OutcomeEffect("log_revenue", labels, "growth", effect_of(0.054, 0.008)),
            OutcomeEffect(
                "profit_margin",
                {"zh": "利润率", "en": "profit margin"},
                "efficiency",
                effect_of(0.004, 0.003, "share"),
            ),
            OutcomeEffect(
                "promotion",
                {"zh": "晋升“小巨人”", "en": "promotion to little giant"},
                "ladder",
                effect_of(0.012, 0.006, "share"),
            ),
            OutcomeEffect(
                "patents", {"zh": "发明专利授权数", "en": "invention patents"}, "innovation", None, "too few"
            ),
        ),
        subgroups=(
            SubgroupEffect(*size, "smaller", {"zh": "较小的一半", "en": "smaller half"}, effect_of(0.01, 0.01, unit)),
            SubgroupEffect(*size, "larger", {"zh": "较大的一半", "en": "larger half"}, effect_of(0.08, 0.01, unit)),
            SubgroupEffect(
                "place",
                {"zh": "所在地", "en": "place"},
                "centres",
                {"zh": "福州、厦门、泉州", "en": "Fuzhou, Xiamen, Quanzhou"},
                effect_of(0.05, 0.02, unit),
            ),
            SubgroupEffect(
                "place",
                {"zh": "所在地", "en": "place"},
                "elsewhere",
                {"zh": "其他设区市", "en": "other prefectures"},
                None,
                "no enterprise of the sample is in this part",
            ),
        ),
        interactions=(Interaction("size", {"zh": "规模", "en": "size"}, 0.07, 0.014, 0.00002, 0.00004),),
        cohorts=((2018, effect_of(0.06, 0.02, unit)), (2019, effect_of(0.04, 0.015, unit))),
        dose=DoseResponse(
            tuple(
                DosePoint(dose, 0.01 + 0.02 * dose, 0.01, -0.01 + 0.02 * dose, 0.03 + 0.02 * dose)
                for dose in (1.0, 2.0, 3.0, 4.0)
            ),
            effect_of(0.02, 0.004, unit),
            {"zh": "参加期数", "en": "sessions attended"},
            {"zh": "期", "en": "sessions"},
            1_624,
        ),
        contrast=Contrast(
            effect_of(0.03, 0.007, unit, estimator="two_way_fixed_effects"),
            (
                {"kind": "treated_vs_never", "weight": 0.7, "estimate": 0.05, "n_enterprises": 4_000},
                {"kind": "earlier_vs_later", "weight": 0.2, "estimate": 0.04, "n_enterprises": 4_000},
                {"kind": "later_vs_earlier", "weight": 0.1, "estimate": -0.08, "n_enterprises": 4_000},
            ),
        ),
        triple_difference=effect_of(0.02, 0.015, unit, estimand="ITT"),
        entry_margin=effect_of(0.03, 0.01),
        single_clusters={"C001": effect_of(0.03, 0.02, unit), "C002": effect_of(0.09, 0.03, unit)},
        threshold_jump=effect_of(0.04, 0.03, unit),
        kinks={"srdi": effect_of(0.00004, 0.00001, unit)},
        densities=tuple(
            ThresholdDensity(
                name,
                label,
                at,
                measure,
                2.4,
                p_value,
                812,
                640,
                tuple(
                    {"from": at + (step - 8) * width, "to": at + (step - 7) * width, "count": 40 + 5 * step}
                    for step in range(16)
                ),
            )
            for name, label, at, measure, width, p_value in (
                ("rd_share", {"zh": "研发费用占营业收入 3%", "en": "R&D at 3% of revenue"}, 3.0, "%", 0.1, 0.016),
                (
                    "revenue",
                    {"zh": "营业收入 5000 万元", "en": "revenue of 50 million yuan"},
                    5e3,
                    "万元",
                    200.0,
                    0.6,
                ),
                ("growth", {"zh": "营业收入增长 5%", "en": "revenue growth of 5%"}, 5.0, "%", 0.5, 0.4),
            )
        ),
        cost=CostFigures({"zh": "培训经费", "en": "training budget"}, 21_112.0, 13.0, 1_600, 0.0055),
        facts=(
            OfficialFact(
                {"zh": "培训人次", "en": "person-times"},
                15_000.0,
                "at_least",
                "person-times",
                "2023-12-31",
                "2023",
                "虚构省份的公布数 (made-up province)",
                15_400.0,
            ),
            OfficialFact(
                {"zh": "贷款规模", "en": "scale of loans"},
                1_000_000.0,
                "about",
                "万元",
                "2024-06-30",
                "phase 1",
                "虚构省份的公布数 (made-up province)",
                980_000.0,
            ),
        ),
        literature=(
            PublishedEffect(
                "McKenzie (2021)",
                "OECD",
                "meta-analysis of RCTs",
                {"zh": "利润与销售提高百分之五至十", "en": "profits and sales +5 to +10%"},
                "log_revenue",
                5.0,
                10.0,
                checked=True,
            ),
            PublishedEffect(
                "Brown and Earle (2017)",
                "",
                "",
                {"zh": "每百万美元增加三至三个半岗位", "en": "3 to 3.5 jobs per $1m"},
                "jobs",
                None,
                None,
                checked=False,
            ),
            PublishedEffect(
                "Iacovone et al. (2022)",
                "",
                "RCT",
                {"zh": "销售提高", "en": "sales up"},
                "log_revenue",
                6.0,
                6.0,
                checked=False,
            ),
        ),
    )


def _specifications(unit):
    made = {
        "declared": ({}, 0.054),
        "never_treated": ({"comparison": "other"}, 0.05),
        "no_covariates": ({"covariates": "none"}, 0.09),
        "more_covariates": ({"covariates": "more"}, 0.045),
        "other_adjustment": ({"covariates": "other model"}, 0.056),
        "anticipation_1": ({"anticipation": "one year more"}, 0.06),
        "balanced_panel": ({"sample": "balanced"}, 0.03),
        "without_2020": ({"sample": "without 2020"}, 0.05),
        "without_largest": ({"sample": "without the largest"}, 0.048),
        "trimmed_outcome": ({"sample": "outcome trimmed"}, 0.052),
        "imputation": ({"estimator": "imputation"}, 0.058),
        "sun_abraham": ({"estimator": "sun_abraham"}, 0.053),
        "two_way_fixed_effects": ({"estimator": "two_way_fixed_effects"}, -0.01),
    }
    found = [Specification(name, choices, effect_of(value, 0.012, unit)) for name, (choices, value) in made.items()]
    reason = "the population is everybody already"
    return (*found, Specification("all_enterprises", {"sample": "all enterprises"}, None, reason))
