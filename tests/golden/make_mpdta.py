"""Write mpdta.csv from the package that carries it: pip install moderndid==0.2.0 'polars<2' (not a dependency)."""

from pathlib import Path

from moderndid import load_mpdta

load_mpdta().to_pandas().to_csv(Path(__file__).with_name("mpdta.csv"), index=False)
