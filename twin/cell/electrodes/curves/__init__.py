"""Half-cell curves: one CSV file each, with its source, licence and range in its head.

Made by tools/half_cell_curves.py. ``halfcell.curve`` reads them.
"""
