"""The rules that one history must obey, each in a file."""
