"""Who calls: their keys, what each may and how often, and what is refused."""
