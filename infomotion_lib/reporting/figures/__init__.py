"""One function a figure: data frames and arrays in, a matplotlib figure out; no file access, no
global state.
"""
