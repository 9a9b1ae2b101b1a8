"""How fast a bundle is verified, beside the bare replay of the same histories."""
