"""``python -m sme_research.cli``."""

from sme_research.cli import main

if __name__ == "__main__":
    main()
