"""Small ladders by hand for the tests of the ladder."""

import pandas as pd


def grants(*rows):
    """Recognitions of rows (enterprise, tier, granted on, expires on or None for three years later)."""
    frame = pd.DataFrame(rows, columns=["enterprise_id", "tier", "granted_on", "expires_on"])
    granted = pd.to_datetime(frame["granted_on"])
    given = pd.to_datetime(frame["expires_on"])
    return frame.assign(granted_on=granted, expires_on=given.fillna(granted + pd.DateOffset(years=3)))
