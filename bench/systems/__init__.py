"""The measured systems: ours, the floor, and the bare call to Alipay."""
