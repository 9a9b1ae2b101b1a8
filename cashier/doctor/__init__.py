"""`cashier doctor`: checks everything that payments need; one file for each subject."""
