"""Models learned from labelled tables: the outcome of formation, a jellyroll's risk.

    table ─▶ encoding ─▶ boosting ─▶ scoring (whole groups left out, two baselines)
                                 └─▶ conformal (intervals for groups never seen)

Nothing here reads a clock or draws at random: the same rows give the same model.
"""
