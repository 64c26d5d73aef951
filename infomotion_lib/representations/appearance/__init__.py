"""Appearance: what one frame looks like to a ResNet-18, and one vector per video."""
