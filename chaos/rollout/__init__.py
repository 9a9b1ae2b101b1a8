"""Rolls a release forward and back while payments are taken and processes are killed.

The older releases are real commits of this repository, taken from git.
"""
