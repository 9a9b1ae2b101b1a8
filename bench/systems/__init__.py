"""What is measured: our system, the floor, and the bare call to Alipay."""
