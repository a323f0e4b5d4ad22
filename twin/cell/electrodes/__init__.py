"""A cell as its two electrodes: V = U_p(y0 - q/C_p) - U_n(x0 + q/C_n).

| module | what it does |
|---|---|
| halfcell | half-cell curves from files, and the full cell made of two |
| trace_window | the slow charge (or discharge) of a trace, at even steps of charge |
| pair_fit | one pair of curves fitted to it |
| widths, estimates | how far the fitted numbers may be off, the curves' own error included |
| verdict | whether the reference curves match this cell at all |
| diagnosis | all of it: every pair of a chemistry, ranked and judged |
"""
