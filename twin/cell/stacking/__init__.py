"""Stacking: electrodes weighed and piled up to cells."""
