"""Files that plants already have: tester exports and tables, replayed as readings."""
