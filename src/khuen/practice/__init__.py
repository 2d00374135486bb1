"""Practice districts: invented people in real places, with months of work behind them (docs/practice-data.md).

`world` invents, from a seed and a day, and touches nothing; `loading` puts a world into its district through the rooms'
own services. Entered by `khuen demo` and `khuen simulate`.
"""

from khuen.practice.filling import Report, prepare, simulate

__all__ = ["Report", "prepare", "simulate"]
