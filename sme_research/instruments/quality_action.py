"""Special action on quality, standards and brand (质量标准品牌赋值专项行动)."""

from sme_research.instruments._actions import declare_action

INSTRUMENT = declare_action(
    "quality",
    label={"zh": "质量标准品牌赋值", "en": "Quality, standards and brand"},
    treatment={
        "zh": "首个质量标准品牌赋值项目启动的年份",
        "en": "the year in which the first project on quality, standards or brand began",
    },
    mechanism={
        "zh": "企业改进质量、参与标准、培育品牌 → 次品减少、客户信任提高 → 价格与订单上升 → 收入与就业增长。"
        "前提是客户看得见改进。",
        "en": "Enterprises improve quality, join standards and build a brand → fewer defects and more trust → "
        "prices and orders rise → revenue and jobs grow. This assumes that customers can see the "
        "improvement.",
    },
    steps={
        "zh": ("质量标准品牌项目", "次品减少、信任提高", "价格与订单上升", "收入与就业增长"),
        "en": ("Quality project", "Fewer defects, more trust", "Prices and orders rise", "Revenue and jobs grow"),
    },
)
