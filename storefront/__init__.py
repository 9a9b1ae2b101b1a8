"""The demo shop: uses the HTTP API as any shop would, and imports nothing of ours."""
