"""`cashier doctor`: whether all that payments need is there, with a file a subject."""
