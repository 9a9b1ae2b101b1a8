"""RSA keys: read as people have them, in folders, by version."""
