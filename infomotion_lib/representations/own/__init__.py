"""Vectors of any other encoder, brought as a file: a representation without code."""
