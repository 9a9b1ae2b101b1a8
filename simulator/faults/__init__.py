"""The faults that the simulator can play."""
