"""What Khuen costs, and what it survives: `python -m bench` measures, `python -m bench.faults` breaks things.

How the figures are made and what they were: docs/performance.md.
"""
