"""Money that came after its payment had ended: its record, calls and reviews."""
