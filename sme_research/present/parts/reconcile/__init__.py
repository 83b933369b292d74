"""The parts of the reconciliation report: summary, figures, misreadings, growth split, public figures, inventory."""
