"""Speed, measured: each run against the limit of the same server in the same minutes.

A ratio is the result; absolute figures drift with the machine (docs/performance.md).
"""
