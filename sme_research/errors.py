"""Errors a user may meet: each speaks to one reader and needs no traceback."""


class SmeResearchError(Exception):
    """A mistake that one message explains; the command line prints it and exits with 1."""


class DataError(SmeResearchError):
    """For the data owner: a table breaks a rule of its declaration."""


class StudyError(SmeResearchError):
    """For the notebook's author: the question asked cannot be understood."""


class IdentificationError(SmeResearchError):
    """For the analyst: the data hold nothing, or too little, to compare with."""


class FactoryError(SmeResearchError):
    """For whoever runs the reports: a report could not be planned, made or published."""
