"""A history as it was recorded: typed, with what it proves, told in words."""
