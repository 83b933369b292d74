"""The published site: its ledger, its pages, what differs between runs, who signed, and whether all is intact."""
