"""Whether what bundles say of payments is true, as far as files alone can prove."""
