"""Data: a folder on disk becomes a validated table of videos, and a video a clip (T, H, W) of uint8."""
