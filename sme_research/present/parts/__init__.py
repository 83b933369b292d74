"""The parts of the full effect report, one a file: each tells, tabulates or draws one part of a finding."""
