"""A history as it was recorded: typed, with its evidence, and in words."""
