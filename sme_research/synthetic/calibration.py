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
PROVINCIAL_CLUSTER_YEARS: Final = (2019, 2020, 2021, 2022, 2023)  # D

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
BALANCE_MEAN: Final = 3_492.0  # A, end of 2023

# Training: about 100 sessions and over 6,300 person-times in 2023 (A).
SESSIONS_A_YEAR: Final = 98
PERSON_TIMES_2023: Final = 6_318
FIRST_TRAINING_YEAR: Final = 2018
FIRST_TRAINING_RATE: Final = 0.065
RETURN_RATE: Final = 0.30
TOPICS: Final = ("数字化转型", "精益管理", "融资与财务", "知识产权", "市场开拓")

# Planted effects in log points by event time, the last one lasting (calibration: one point of
# subsidy +1-2 % revenue; training +5 % sales; cluster nothing at first, +3 % by year three).
EFFECTS: Final[dict[str, dict[str, tuple[float, ...]]]] = {
    "loan_subsidy": {
        "log_revenue": (0.010, 0.020, 0.030),
        "log_employees": (0.0025, 0.0050, 0.0075),
    },
    "training": {
        "log_revenue": (0.030, 0.050, 0.060),
        "log_employees": (0.010, 0.020, 0.020),
    },
    "cluster_membership": {
        "log_revenue": (0.0, 0.010, 0.020, 0.030),
        "log_employees": (0.0, 0.005, 0.010, 0.015),
    },
}
EFFECT_SPREAD: Final = 0.4  # standard deviation of an enterprise's effect, as a share of the mean effect
EFFECT_BY_SIZE: Final = -0.2  # smaller enterprises gain more: share of the effect a standard deviation of size

ANTICIPATION: Final = -0.01
SPILLOVER_SHARE: Final = -0.7  # of the direct effect, at full local exposure
BUNDLED_SHARE: Final = 0.6  # of borrowers sent to training in the year of the loan

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
