"""Builds the image, and takes a demo payment inside it: `make image-test`."""
