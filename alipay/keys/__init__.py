"""RSA keys: read from files in their usual forms, and from folders by version."""
