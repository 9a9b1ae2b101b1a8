"""Which events the shop may be sent, in which order, over which connection."""
