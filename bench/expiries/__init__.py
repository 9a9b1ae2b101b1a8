"""What customers notice while many payments expire at once."""
