"""A made-up province with known truth and planted traps."""

from sme_research.synthetic.make import Province, make_province, write_province
from sme_research.synthetic.world import Traps, WorldSpec

__all__ = ["Province", "Traps", "WorldSpec", "make_province", "write_province"]
