"""The codec server: shows clear text in the Temporal UI to who may read it."""
