"""Controls to play with, drawn from a run: the heart cycle, the graphs, the tolerance, the chosen clips.

:func:`prepare` works out what they show and leaves it as small files beside the stages; :func:`controls` turns the files
into kernel-less widgets. The first needs the run's videos and vectors, the second only those files.
"""

from infomotion_lib.reporting.explore.board import FOLDER, Control, controls, prepare

__all__ = ["FOLDER", "Control", "controls", "prepare"]
