"""The numbers that make the province look like Fujian in 2024.

Sources: A = the department's reply of 30 April 2024 or another official page,
as listed in ``data/reference/official_figures.csv``; D = our own design. Money in
10,000 yuan.
"""

from __future__ import annotations

from typing import Final

# Official counts, 30 April 2024, Xiamen included (A).
N_INNOVATIVE: Final = 4_261
N_SRDI: Final = 3_005
N_LITTLE_GIANT: Final = 348
N_CHAMPION: Final = 17
N_LISTED_SRDI: Final = 34

# Shares of the recognised by prefecture (A for Xiamen, Quanzhou and Pingtan; else D).
CITY_SHARES: Final = {
    "350200": 0.550,
    "350500": 0.170,
    "350100": 0.130,  # Fuzhou 0.128 and Pingtan 0.002, which is one of its counties in GB/T 2260
    "350600": 0.045,
    "350800": 0.030,
    "350400": 0.025,
    "350900": 0.025,
    "350300": 0.015,
    "350700": 0.010,
}
XIAMEN: Final = "350200"
FUZHOU: Final = "350100"
PINGTAN_COUNTY: Final = "350128"
PINGTAN_SHARE: Final = 0.002

# County x industry agglomerations that could become clusters, by prefecture (D).
AGGLOMERATIONS: Final = {
    "350200": 18,
    "350500": 14,
    "350100": 9,
    "350600": 5,
    "350800": 4,
    "350900": 4,
    "350400": 2,
    "350300": 2,
    "350700": 2,
}
AGGLOMERATED_SHARE: Final = 0.55
N_PROVINCIAL_CLUSTERS: Final = 18  # A
NATIONAL_CLUSTERS_BY_YEAR: Final = {2022: 5, 2023: 6}  # A, 11 in all
MOST_DESIGNATED: Final = 2 / 3  # of a prefecture's agglomerations (D)
PROVINCIAL_CLUSTER_YEARS: Final = (2019, 2020, 2021, 2022, 2023)  # D

INDUSTRY: Final = (6, 46)  # divisions of mining, manufacturing and utilities in GB/T 4754
MANUFACTURING_SHARE: Final = 0.88  # A, national little giants
ENTRANT_SHARE: Final = 0.25  # D: first account year after the panel's first
EXIT_RATE: Final = 0.02  # D, a year

# Size, R&D, growth (D, matched to medians by tier of calibration: employees 60 / 110 / 200,
# revenue about 40, 81 and 232 million yuan, R&D intensity 4.5 / 5.5 / 6.0 %).
LOG_REVENUE_MEAN: Final = 8.05
LOG_REVENUE_SD: Final = 0.95
LOG_EMPLOYEES_MEAN: Final = 4.15
LOG_EMPLOYEES_SLOPE: Final = 0.55
LOG_EMPLOYEES_SD: Final = 0.45
RD_MEDIAN: Final = 0.047
RD_LOG_SD: Final = 0.45
RD_MOST: Final = 0.30
SIZE_CENTRE: Final = 4.2
SIZE_SCALE: Final = 0.7
RD_CENTRE: Final = 0.05
RD_SCALE: Final = 0.025

MEAN_GROWTH: Final = 0.045
GROWTH_BY_SIZE: Final = 0.030  # a standard deviation of size grows 3 points faster a year
GROWTH_BY_RD: Final = 0.020
GROWTH_BY_CITY: Final = {"350200": 0.010, "350500": 0.010, "350100": 0.005}
GROWTH_BY_HIDDEN: Final = 0.035  # only in the world whose parallel trends fail
# Growth has standard deviation 18 % and autocorrelation -0.15: a random walk plus passing noise.
WALK_SD: Final = 0.1506
PASSING_SD: Final = 0.0697
EMPLOYEES_WALK_SD: Final = 0.085
EMPLOYEES_PASSING_SD: Final = 0.035
AGGLOMERATION_WALK_SD: Final = 0.010
# Deviations of the province's year from its mean growth, 2016 on, repeating (D).
YEAR_SHOCKS: Final = (0.0, 0.010, 0.005, -0.005, -0.045, 0.040, -0.015, -0.010, 0.005)

# Who is treated: log odds by a standard deviation of size and of R&D, and by prefecture (D).
SELECTION_BY_SIZE: Final = 0.45
SELECTION_BY_RD: Final = 0.35
SELECTION_BY_CITY: Final = {"350500": 0.40, "350100": 0.25, "350200": 0.20}
LOAN_SELECTION: Final = 0.75  # of that: the eligible are alike already, and few of them stay without a loan
SELECTION_BY_HIDDEN: Final = 0.90  # only in the world whose parallel trends fail

# Share of SRDI titles by year of grant; the even one is without the entrant-balance trap (D).
SRDI_YEARS: Final = (2019, 2020, 2021, 2022, 2023, 2024)
SRDI_FLOW: Final = (0.08, 0.10, 0.15, 0.20, 0.42, 0.05)
SRDI_FLOW_EVEN: Final = (0.18, 0.19, 0.19, 0.20, 0.19, 0.05)
LAPSED_SHARE: Final = 0.03
TITLE_YEARS: Final = 3

# Loans: phase 1 (A) and two earlier pilot rounds that the demo invents, so that adoption is staggered (D).
PHASE1_ENTERPRISES: Final = 626
PHASE1_AMOUNT: Final = 800_000.0
PHASE1_RATE: Final = 2.29
PHASE1_YEAR: Final = 2024
PHASE1_REPEAT_SHARE: Final = 0.10
LOAN_CAP: Final = 2_000.0
PILOTS: Final = {2021: 100, 2022: 100}
PILOT_MEAN_AMOUNT: Final = 500.0
SUBSIDY_POINTS: Final = 1.0
DEAR_EVERY: Final = 8  # D, only where dear loans are planted
DEAR_POINTS: Final = 0.5
BALANCE_MEAN: Final = 3_492.0  # A, end of 2023

# Training: about 100 sessions and over 6,300 person-times in 2023 (A).
SESSIONS_A_YEAR: Final = 98
PERSON_TIMES_2023: Final = 6_318
FIRST_TRAINING_YEAR: Final = 2018
FIRST_TRAINING_RATE: Final = 0.065
RETURN_RATE: Final = 0.30
TOPICS: Final = ("数字化转型", "精益管理", "融资与财务", "知识产权", "市场开拓")

# Awards: paid at recognition, outside Xiamen; Fuzhou adds half (A: amounts; D: earlier years at the same rates).
AWARD_AMOUNTS: Final = {"srdi": 20.0, "little_giant": 50.0}
CITY_TOP_UP: Final = {"350100": 0.5}

# The other programmes, drawn by the same observed score as training (D unless said otherwise): first and
# last year, chance a year of a first participation, chance of coming again.
CONTEST_YEARS: Final = (2018, 2023)  # six editions by April 2024 (A)
CONTEST_RATE: Final = 0.018
CONTEST_RETURN: Final = 0.15
MATCHING_YEARS: Final = (2019, 2024)
MATCHING_RATE: Final = 0.055
MATCHING_RETURN: Final = 0.45
MATCHING_EVENTS_A_YEAR: Final = 104  # "over 100" in 2023 (A)
MATCHED_2023: Final = 20_000_000.0  # "over 200 billion yuan" in 2023 (A): intentions, twice the balance of all SRDI
CONTRACTED_SHARE: Final = 0.40  # of participations that end in a contract
CONTRACT_OF_MATCHED: Final = 0.12
DRAWN_OF_CONTRACT: Final = 0.6
ACTIONS: Final[dict[str, tuple[int, float]]] = {  # first year and yearly rate
    "digital": (2019, 0.028),
    "science": (2019, 0.022),
    "quality": (2020, 0.028),
}
ACTION_SPENDING: Final = 90.0  # median; a quarter of it is paid by the public purse, 50 at most
ACTION_SUBSIDY_SHARE: Final = 0.25
ACTION_SUBSIDY_CAP: Final = 50.0
COACHING_YEARS: Final = (2019, 2023)
COACHED_A_YEAR: Final = 90  # the highest scores on the potential list
COACHING_SCORE_MEAN: Final = 55.0
COACHING_SCORE_SLOPE: Final = 8.0
COACHING_SCORE_SD: Final = 11.0

# Chain leaders: the largest enterprises, and who supplies them (D).
CHAIN_LEADERS: Final = 30
CHAIN_LINKS: Final = 1_400
CHAIN_SAME_DIVISION: Final = 0.6
CHAIN_ENDED: Final = 0.10

# Enterprises that other departments list and the register lacks, per one listed (invented).
LISTED_OUTSIDE: Final = 0.04

# Class I rights granted in a year: a Poisson count whose logarithm is linear in size and R&D (D, so that
# little giants hold a mean stock near the 14 to 22 inventions of the national ones).
RIGHTS_MEAN: Final = 0.55
RIGHTS_BY_SIZE: Final = 0.40
RIGHTS_BY_RD: Final = 0.30
RIGHTS_TREND: Final = 0.04
RIGHTS_HIGH_VALUE: Final = 0.2
RIGHTS_CLASS_2: Final = 1.6  # class II rights for one of class I

# SRDI assessment: the score is 60 where the title's bar is. For a share of the candidates the score decides
# (A: pass mark 60); the others pass by a direct condition or fail at a gate, so that the design is fuzzy (D).
SCORE_BY_MERIT: Final = 10.0
SCORE_DECIDES: Final = 0.85
SCORE_OTHER_SD: Final = 12.0

# Planted effects in log points by event time, the last one lasting (calibration: one point of
# subsidy +1-2 % revenue; training +5 % sales; cluster nothing at first, +3 % by year three; all others
# D). An outcome that is not named is not moved. Recognition with its award is planted to do nothing: an
# effect of the title would bias the comparison of borrowers with enterprises that win it later.
EFFECTS: Final[dict[str, dict[str, tuple[float, ...]]]] = {
    "loan_subsidy": {
        "log_revenue": (0.010, 0.020, 0.030),
        "log_employees": (0.0025, 0.0050, 0.0075),
        "patents": (0.0, 0.020, 0.040),
    },
    "training": {
        "log_revenue": (0.030, 0.050, 0.060),
        "log_employees": (0.010, 0.020, 0.020),
        "patents": (0.010, 0.020, 0.030),
    },
    "cluster_membership": {
        "log_revenue": (0.0, 0.010, 0.020, 0.030),
        "log_employees": (0.0, 0.005, 0.010, 0.015),
    },
    "award": {"log_revenue": (0.0,), "log_employees": (0.0,)},
    "coaching": {
        "log_revenue": (0.010, 0.030, 0.040),
        "log_employees": (0.005, 0.010, 0.015),
        "patents": (0.0, 0.030, 0.050),
    },
    "contest": {
        "log_revenue": (0.0, 0.010, 0.020),
        "log_employees": (0.0, 0.005, 0.010),
        "patents": (0.020, 0.040),
    },
    "matching_event": {
        "log_revenue": (0.005, 0.010, 0.015),
        "log_employees": (0.0, 0.005, 0.005),
    },
    "digital_action": {
        "log_revenue": (0.0, 0.030, 0.050),
        "log_employees": (0.0, -0.005, -0.010),
    },
    "science_action": {
        "log_revenue": (0.0, 0.010, 0.030),
        "log_employees": (0.0, 0.005, 0.010),
        "patents": (0.050, 0.100),
    },
    "quality_action": {
        "log_revenue": (0.010, 0.020, 0.020),
        "log_employees": (0.0, 0.005, 0.005),
    },
}
EFFECT_SPREAD: Final = 0.4  # standard deviation of an enterprise's effect, as a share of the mean effect
EFFECT_BY_SIZE: Final = -0.2  # smaller enterprises gain more: share of the effect a standard deviation of size
LOAN_DOSE_SHARE: Final = 0.5  # of a loan's effect that is proportional to its dose; the rest comes with any loan

# Strengths of the traps, chosen so that a sensible check finds each in the default province (D).
ANTICIPATION: Final = -0.04  # log points of revenue in the year before the first treatment; not before awards
SPILLOVERS: Final = {  # log points of revenue where all others in the county x industry division are treated
    "loan_subsidy": -0.12,  # Cai and Szeidl (2024) find -7 % where all competitors borrow
    "training": -0.12,
    "cluster_membership": -0.12,  # on those outside the cluster only
}
BUNDLED_SHARE: Final = 0.6  # of borrowers sent to training in the year of the loan
ATTRITION_FALL: Final = 0.10  # revenue that shrinks by more than this share ...
ATTRITION_SHARE: Final = 0.5  # ... ends the reports of this share of those whom none of these ever reaches:
ATTRITION_SPARES: Final = ("loan_subsidy", "training", "cluster_membership")

MISSING: Final = {
    "revenue": 0.015,
    "employees": 0.015,
    "main_revenue": 0.03,
    "profit": 0.04,
    "tax": 0.04,
    "assets": 0.03,
    "liabilities": 0.03,
    "loan_balance": 0.02,
    "fixed_assets": 0.05,
    "rd_expense": 0.02,
    "rd_staff": 0.05,
    "exports": 0.06,
}
MISSING_ROWS: Final = 0.01

# Listings (D beside the official count of SRDI ones): listed innovative enterprises without the SRDI title,
# and the share of an enterprise's life before its first day of trading, at least.
N_LISTED_OTHERS: Final = 10
LISTED_AT_LEAST: Final = 0.4

# Appeals on the direct line (D, beside "over 16,000 handled" by the day of the count, A). Their number since
# the launch grows with this power of time; days are medians of lognormals, a solution counts from the answer.
APPEALS_FROM: Final = "2020-01-01"
COUNT_DAY: Final = "2024-04-30"
APPEALS_BY_COUNT: Final = 16_700
APPEALS_GROWTH: Final = 1.4
APPEALS_BY_SIZE: Final = 0.4
APPEALS_ANSWERED: Final = 0.98
APPEALS_RESOLVED: Final = 0.80  # of those answered
ANSWER_DAYS: Final = 6.0
ANSWER_LOG_SD: Final = 0.8
SOLUTION_DAYS: Final = 14.0
SOLUTION_LOG_SD: Final = 1.0
APPEAL_TOPICS: Final = {
    "融资": 0.24,
    "用工": 0.14,
    "要素保障": 0.18,
    "政策咨询": 0.22,
    "审批服务": 0.14,
    "账款": 0.08,
}
