"""MCDM: a heart set in motion by the motion vector of a reference video; a part of it loads torch when asked
for.

Li et al., "Label-free Motion-Conditioned Diffusion Model for Cardiac Ultrasound Synthesis", arXiv 2512.09418.
Its network is that of EchoSyn's chain (:mod:`infomotion_lib.generators.spacetime`) with another token; what
has not been released is decided here and listed in the assumptions ledger.
"""
