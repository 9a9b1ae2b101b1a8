"""`cashier audit-demo`: payments of all kinds, proven from files and tampered with."""
