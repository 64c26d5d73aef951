"""Clips to ejection fraction: the video ResNet family, its training, the grid of runs, and labels for pools
that have none.
"""
