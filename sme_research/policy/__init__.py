"""From findings to decisions: what instruments cost, whom they reach, what budgets buy, and how one will know."""
