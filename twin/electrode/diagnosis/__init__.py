"""Which hidden cause moved the loading: a Bayesian comparison over all that is measured.

events ─▶ blocks (aligned at the die) ─▶ baseline (what is ordinary here)
                                └─▶ detection (has a cause moved?) ─▶ attribution (which?)
"""
