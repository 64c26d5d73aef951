"""The phantom: echo clips whose ejection fraction, ED and ES frames and tracings are known exactly, for
everybody to run on.

An apical four-chamber-like scene is rendered on the polar grid of an ultrasound machine. It is no ultrasound
physics and no patient: results on it are labelled "phantom" everywhere.
"""
