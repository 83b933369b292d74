"""How a province's SME instruments relate to enterprise growth: what a notebook may use.

>>> from sme_research import Study, evaluate, load_tables, plot_event_study
>>> tables = load_tables("../data/demo")
>>> evaluation = evaluate(Study(instrument="training"), tables)
>>> evaluation
>>> plot_event_study(evaluation.finding, "en")
"""

import lazy_loader

__version__ = "0.1.0"

# The names stand in __init__.pyi; each is imported when it is first used, so that a command
# or a worker process pays only for what it needs.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
