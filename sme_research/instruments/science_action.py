"""Special action on science results (科技成果赋智专项行动)."""

from sme_research.instruments._actions import declare_action

INSTRUMENT = declare_action(
    "science",
    label={"zh": "科技成果赋智", "en": "Science results"},
    treatment={
        "zh": "首个科技成果赋智项目启动的年份",
        "en": "the year in which the first project with a science result began",
    },
    mechanism={
        "zh": "高校院所成果进入企业 → 产品与工艺更新 → 专利增加、新产品上市 → 收入与就业增长。"
        "前提是成果成熟、企业能够消化。",
        "en": "Results of universities and institutes reach enterprises → products and processes are renewed → "
        "patents and new products follow → revenue and jobs grow. This assumes ripe results and "
        "enterprises able to use them.",
    },
    steps={
        "zh": ("科技成果对接", "产品与工艺更新", "专利与新产品增加", "收入与就业增长"),
        "en": (
            "Science result",
            "Products and processes renewed",
            "Patents and new products",
            "Revenue and jobs grow",
        ),
    },
)
