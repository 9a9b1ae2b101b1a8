"""`cashier stuck`: finds what is stuck, and says why and what to do."""
