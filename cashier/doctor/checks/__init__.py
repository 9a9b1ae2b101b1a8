"""The doctor's checks, one in each file, and how they are run."""
