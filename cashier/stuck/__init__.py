"""`cashier stuck`: finds stuck workflows, and shows why and what to do."""
