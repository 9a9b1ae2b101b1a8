"""Money that came after its payment had ended: its record, questions and reviews."""
