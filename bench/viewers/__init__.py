"""What 500 open result pages cost, and how soon they show a payment."""
