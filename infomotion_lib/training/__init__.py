"""Trainings on one device or several: one loop, one way to start processes, one form of a checkpoint.

Lightning Fabric begins the processes and averages their gradients. What a step sees is a function of its
number and of a seed; of such a batch each process takes its part. Hence the number of processes decides no
more than the order in which numbers are added.
"""
