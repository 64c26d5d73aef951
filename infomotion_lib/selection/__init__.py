"""Vectors of one EF class become a graph, the graph communities, and the communities a few chosen videos.

:mod:`graph` names three ways to make a graph, :mod:`communities` runs Infomap, :mod:`centrality` scores the
nodes, :mod:`selectors` chooses videos by any method, :mod:`stage` does all of it for a run. No torch
anywhere.
"""
