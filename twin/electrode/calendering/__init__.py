"""Calendering: the nip, what is not known of it, and the porosity that is handed on."""
