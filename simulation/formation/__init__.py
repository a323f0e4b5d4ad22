"""The formation room that lies: cells, faults, a tester, and what can go wrong with its data.

design ─▶ faults ─▶ cells ─▶ bay (control) ─▶ tester (what is told) ─▶ room (Blocks)
"""
