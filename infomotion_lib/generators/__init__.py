"""Synthetic pools: an autoencoder, a class-conditional latent video diffusion transformer, and the pools
sampled from it.
"""
