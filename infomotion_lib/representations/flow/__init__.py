"""Dense optical flow: what a classical method sees of the two motions, without learning."""
