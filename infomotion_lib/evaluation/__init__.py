"""Accuracy and its company: metrics, intervals, constant predictors, fidelity of pools, claims beside the
paper's.
"""
