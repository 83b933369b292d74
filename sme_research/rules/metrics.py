"""What rules may ask of an enterprise: each metric with its unit, its group and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Group = Literal["basic", "economic", "innovation", "operation"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One input of the rules; a yes is 1 and a no is 0. Labels and meaning by language.

    ``group`` is the part of the self-assessment that asks for it. ``least`` and
    ``most`` limit what may be filled in.
    """

    name: str
    kind: Literal["number", "boolean", "level", "count"]
    unit: str
    group: Group
    label: Mapping[str, str]
    meaning: Mapping[str, str]
    better: Literal["higher", "lower"] = "higher"
    least: float | None = 0.0
    most: float | None = None


def _number(name: str, unit: str, group: Group, zh: str, en: str, meaning: tuple[str, str], **more: object) -> Metric:
    told = {"zh": meaning[0], "en": meaning[1]}
    return Metric(name, "number", unit, group, {"zh": zh, "en": en}, told, **more)  # type: ignore[arg-type]


def _count(name: str, unit: str, group: Group, zh: str, en: str, meaning: tuple[str, str]) -> Metric:
    return Metric(name, "count", unit, group, {"zh": zh, "en": en}, {"zh": meaning[0], "en": meaning[1]})


def _yes(name: str, group: Group, zh: str, en: str, meaning: tuple[str, str]) -> Metric:
    told = {"zh": meaning[0], "en": meaning[1]}
    return Metric(name, "boolean", "1 or 0", group, {"zh": zh, "en": en}, told, most=1.0)


def _level(name: str, group: Group, most: int, zh: str, en: str, meaning: tuple[str, str]) -> Metric:
    told = {"zh": meaning[0], "en": meaning[1]}
    return Metric(name, "level", "level", group, {"zh": zh, "en": en}, told, most=float(most))


_LAST = ("上一会计年度", "last account year")
_ALL: Final = (
    _number("niche_years", "years", "basic", "从事细分市场年限", "Years in the niche market",
            ("主导产品进入所在细分市场的年数", "Years of the main product in its niche market"), most=150.0),
    _yes("above_scale", "basic", "规模以上工业企业", "Industry above designated size",
         ("主营业务收入 2000 万元及以上的工业企业", "Industrial, main revenue of 2,000 万元 or more")),
    _yes("innovative_valid", "basic", "有效的创新型中小企业称号", "Innovative SME title in force",
         ("在有效期内", "Granted and not expired")),
    _yes("srdi_valid", "basic", "有效的专精特新中小企业称号", "SRDI title in force",
         ("在有效期内", "Granted and not expired")),
    _yes("tech_sme_valid", "basic", "有效的科技型中小企业称号", "Tech SME title in force",
         ("在有效期内", "Granted and not expired")),
    _yes("high_tech_valid", "basic", "有效的高新技术企业称号", "High-tech enterprise title in force",
         ("在有效期内", "Granted and not expired")),
    _yes("ip_advantage_valid", "basic", "有效的知识产权优势企业称号", "IP-advantage title in force",
         ("在有效期内", "Granted and not expired")),
    _yes("strategic_emerging", "basic", "主导产品属于战略性新兴产业", "Product of a strategic emerging industry",
         ("按国家目录", "By the national catalogue")),
    _yes("chain_supplier", "basic", "位于产业链关键环节或为龙头企业配套", "Key link or supplier of leaders",
         ("为国内外知名大企业直接配套，或处于关键环节", "Supplies leading firms directly, or is a key link")),
    _level("key_field", "basic", 2, "主导产品所属领域", "Field of the main product",
           ("0 其他；1 工业六基、中华老字号或为链主企业配套；2 在补短板、锻长板、填空白方面取得实际成效",
            "0 other; 1 six bases, old brand or supplies a chain leader; 2 results in strengthening key links")),
    _yes("fills_gap", "basic", "填补国内空白或补短板", "Fills a gap in a key field",
         ("产品在关键领域补短板、填空白", "The product fills a gap in a key field")),
    _yes("product_field", "basic", "主导产品属于规定的重点领域", "Main product in the named fields",
         ("工业六基、制造强国十大重点领域或网络强国建设领域",
          "Six bases, ten key fields of manufacturing, or network infrastructure")),
    _number("revenue", "万元", "economic", "营业收入", "Operating revenue", _LAST),
    _number("main_revenue_share", "fraction", "economic", "主营业务收入占比", "Share of main business revenue", _LAST,
            most=1.0),
    _number("main_growth", "fraction", "economic", "主营业务收入增长率", "Growth of main business revenue", _LAST,
            least=-1.0),
    _number("main_growth_mean_2y", "fraction", "economic", "近两年主营业务收入平均增长率",
            "Mean growth of main business revenue over two years",
            ("两个年度增长率的算术平均", "Arithmetic mean of two yearly rates"), least=-1.0),
    _number("revenue_growth_mean_2y", "fraction", "economic", "近两年营业收入平均增长率（算术）",
            "Mean revenue growth over two years (arithmetic)",
            ("两个年度增长率的算术平均", "Arithmetic mean of two yearly rates"), least=-1.0),
    _number("revenue_growth_cagr_2y", "fraction", "economic", "近两年营业收入平均增长率（复合）",
            "Revenue growth over two years (compound)",
            ("两年复合增长率", "Compound yearly rate over two years"), least=-1.0),
    _number("profit_margin", "fraction", "economic", "净利润率", "Net profit margin",
            ("上一会计年度；报表只有利润总额时以其代替", "Last year; total profit where net profit is not kept"),
            least=None),
    _number("debt_ratio", "fraction", "economic", "资产负债率", "Debt ratio",
            ("上年末负债除以资产", "Liabilities over assets at the last year's end"), better="lower"),
    _number("equity_2y", "万元", "economic", "近两年新增股权融资", "New equity in two years",
            ("合格机构投资者的实缴额", "Paid in by qualified institutions")),
    _number("equity_3y", "万元", "economic", "近三年新增股权融资", "New equity in three years",
            ("合格机构投资者的实缴额", "Paid in by qualified institutions")),
    _number("rd_expense", "万元", "innovation", "研发费用", "R&D expense", _LAST),
    _number("rd_expense_previous", "万元", "innovation", "前一年研发费用", "R&D expense of the year before",
            ("再前一会计年度", "The account year before the last")),
    _number("rd_expense_mean_2y", "万元", "innovation", "近两年研发费用年均", "Mean R&D expense of two years",
            ("两年平均", "Mean of two years")),
    _number("rd_expense_sum_2y", "万元", "innovation", "近两年研发费用合计", "R&D expense of two years together",
            ("两年合计", "Sum of two years")),
    _number("rd_ratio", "fraction", "innovation", "研发费用占营业收入比重", "R&D expense over revenue", _LAST),
    _number("rd_ratio_previous", "fraction", "innovation", "前一年研发费用占比", "R&D over revenue, the year before",
            ("再前一会计年度", "The account year before the last")),
    _number("rd_staff_share", "fraction", "innovation", "研发人员占比", "Share of R&D staff",
            ("研发人员除以从业人数", "R&D staff over all staff"), most=1.0),
    _count("class_1", "rights", "innovation", "Ⅰ类知识产权", "Class I rights",
           ("与主导产品相关、有效", "In force, related to the main product")),
    _count("class_1_own", "rights", "innovation", "自主研发的Ⅰ类知识产权", "Class I rights of own research",
           ("不含受让取得", "Not acquired by transfer")),
    _count("class_1_high_value", "rights", "innovation", "Ⅰ类高价值知识产权", "Class I rights of high value",
           ("符合高价值条件", "That count as of high value")),
    _count("class_2", "rights", "innovation", "Ⅱ类知识产权", "Class II rights",
           ("与主导产品相关、有效", "In force, related to the main product")),
    _count("class_1_in_use", "rights", "innovation", "实际应用并产生效益的Ⅰ类知识产权", "Class I rights in use",
           ("已应用并产生经济效益", "In use with economic benefit")),
    _level("rd_institution", "innovation", 4, "自建或共建研发机构", "R&D institution",
           ("0 无；1 市级以下；2 市级；3 省级；4 国家级",
            "0 none; 1 below municipal; 2 municipal; 3 provincial; 4 national")),
    _level("science_award", "innovation", 4, "近三年科技奖励", "Science award within three years",
           ("0 无；1 省级；2 省级前三；3 国家级前五；4 国家级前三",
            "0 none; 1 provincial; 2 provincial, first three; 3 national, first five; 4 national, first three")),
    _level("contest_award", "innovation", 2, "近三年“创客中国”成绩", "Maker in China within three years",
           ("0 无；1 全国 500 强（企业组）；2 全国 50 强（企业组）",
            "0 none; 1 top 500, enterprise group; 2 top 50, enterprise group")),
    _level("digital_level", "operation", 4, "数字化水平", "Digital level",
           ("数字化水平自测等级", "Level of the self-test of digitalisation")),
    _yes("quality_award", "operation", "省级以上质量奖", "Quality award, provincial or higher",
         ("获得过", "Received")),
    _yes("management_certificate", "operation", "管理体系认证", "Management-system certificate",
         ("质量等管理体系认证在有效期内", "ISO 9001 or the like, in force")),
    _yes("own_brand", "operation", "自主品牌", "Own brand", ("主导产品有自主品牌", "The main product carries it")),
    _yes("standards_joined", "operation", "参与制定标准", "Took part in standards",
         ("国际、国家或行业标准", "International, national or industry standards")),
    _yes("product_certified", "operation", "产品获发达国家认证", "Product certified in a developed market",
         ("发达国家或地区权威机构认证", "By an authority of a developed country or region")),
    _count("information_systems", "businesses", "operation", "信息系统支撑的核心业务", "Core businesses with systems",
           ("有信息系统支撑的核心业务项数", "Core businesses that an information system supports")),
    _number("market_share", "fraction", "operation", "细分市场占有率", "Share of the niche market",
            ("主导产品在全国细分市场的占有率", "Of the main product, national"), most=1.0),
    Metric("domestic_rank", "number", "rank", "operation", {"zh": "细分市场国内排名", "en": "Domestic rank"},
           {"zh": "1 为最高", "en": "1 is the best"}, better="lower", least=1.0),
    _number("platform_score", "points", "operation", "发展评价得分（本年）", "Platform score, this year",
            ("全国平台计算", "Computed by the national platform"), most=100.0),
    _number("platform_score_previous", "points", "operation", "发展评价得分（上年）", "Platform score, last year",
            ("全国平台计算", "Computed by the national platform"), most=100.0),
    _number("local_points", "points", "operation", "地方特色指标得分", "Local points",
            ("省级自定指标，由省主管部门评定", "Indicators that the province sets and assesses"), most=15.0),
    _number("cluster_output", "亿元", "economic", "集群总产值（近三年最低）", "Cluster output, lowest of three years",
            ("每年均须达到", "Must hold in each year")),
    _number("cluster_sme_share", "fraction", "economic", "中小企业产值占比", "SME share of output", _LAST, most=1.0),
    _number("cluster_leading_share", "fraction", "economic", "主导产业产值占比", "Leading industry's share", _LAST,
            most=1.0),
    _number("cluster_growth", "fraction", "economic", "集群产值年均增速", "Yearly growth of cluster output",
            ("近三年平均", "Mean of three years"), least=-1.0),
    _number("cluster_area", "km2", "basic", "集群面积", "Area of the cluster", ("平方公里", "Square kilometres"),
            better="lower"),
    _yes("cluster_one_county", "basic", "位于一个县级区域", "Within one county-level unit",
         ("不跨县级区域", "Does not cross a county's border")),
)  # fmt: skip

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}
"""Every metric by name."""
