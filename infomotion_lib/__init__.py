"""InfoMotion: distilling echocardiography videos by motion, graphs and communities (arXiv 2512.09422).

Data walks through the rooms in this order: :mod:`data`, :mod:`frames`, :mod:`ifa`, :mod:`selection`,
:mod:`regressor`, :mod:`evaluation`, :mod:`reporting`. Importing the package imports neither torch nor
matplotlib.
"""

__version__ = "0.1.0"
