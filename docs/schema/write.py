"""Write the schemas that models own (``python docs/schema/write.py``); the others are written by hand."""

import json
from pathlib import Path

from sme_research.factory.feed import feed_schema
from sme_research.factory.findings import findings_schema

OWNED = {"findings-1": findings_schema, "findings-feed-1": feed_schema}


def main() -> None:
    """Write each beside this file."""
    for name, make in OWNED.items():
        content = json.dumps(make(), ensure_ascii=False, indent=1)
        Path(__file__).with_name(f"{name}.schema.json").write_text(f"{content}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
