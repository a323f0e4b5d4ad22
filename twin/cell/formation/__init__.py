"""Formation: the channels of a cycler, what is normal for them, what ails a cell."""
