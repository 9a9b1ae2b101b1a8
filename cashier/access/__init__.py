"""Who may read payments, and who may call the API: operators, passwords and keys."""
