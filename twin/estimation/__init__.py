"""Estimators and the sensor gate."""
