"""Builds the image, and takes a demo payment in it: `make image-test`."""
