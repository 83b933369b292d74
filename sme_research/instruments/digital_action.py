"""Special action on digital empowerment (数字化赋能专项行动)."""

from sme_research.instruments._actions import declare_action

INSTRUMENT = declare_action(
    "digital",
    label={"zh": "数字化赋能", "en": "Digital empowerment"},
    treatment={
        "zh": "首个数字化赋能项目启动的年份",
        "en": "the year in which the first digital project began",
    },
    mechanism={
        "zh": "企业上线数字系统 → 计划、库存和质量更准 → 单位产出用工减少、交货加快 → 收入增长。"
        "前提是系统真正用起来；用工可能不增反减。",
        "en": "Enterprises bring digital systems into use → plans, stocks and quality get better → less labour "
        "a unit and faster delivery → revenue grows. This assumes that the systems are used; jobs may "
        "fall.",
    },
    steps={
        "zh": ("数字化项目", "计划、库存与质量更准", "用工更省、交货更快", "收入增长"),
        "en": ("Digital project", "Better plans, stocks, quality", "Less labour, faster delivery", "Revenue grows"),
    },
)
