"""The story of a history in plain words."""
