"""What waiting payments cost that are too many for a worker's memory."""
