"""The daily archive: each day's closed histories as a bundle."""
