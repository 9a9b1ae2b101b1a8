"""The command line: take a demo payment, run the system or its parts, make keys."""
