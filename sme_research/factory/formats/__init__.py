"""All files in which one report is read: page, PDF, Word document, data of its figures, replication package."""

from sme_research.factory.formats.replication import write_replication
from sme_research.factory.formats.write import render_content, write_outputs

__all__ = ["render_content", "write_outputs", "write_replication"]
