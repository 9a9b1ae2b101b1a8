"""`cashier audit`: export, verify, reconcile, and keep a daily archive."""
