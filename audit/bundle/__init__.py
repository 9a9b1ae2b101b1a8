"""A bundle of histories: written, signed, read again and checked."""
