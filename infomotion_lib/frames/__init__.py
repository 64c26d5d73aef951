"""Frames: which frames of a video are end-diastole (ED), end-systole (ES), the next ES and the middles, or
why not.

:mod:`tracings` reads ED and ES from traced outlines; :mod:`signals` and :mod:`detect` find them in the
picture alone and :mod:`accuracy` says how well; :mod:`rule` and :mod:`choose` complete a pair to two motions
of the heart; :mod:`index` makes the table of a data set. :mod:`phasenet`, taught by :mod:`phasenet_training`
on the phantoms of :mod:`rhythm`, gives :mod:`votes` a second opinion, and :mod:`consistency` asks both
whether they contradict themselves.
"""
