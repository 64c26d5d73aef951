"""What the latent video diffusion generators share: one spatio-temporal U-Net with a heart beside its input,
its noise, windows, training and sampler. Their rooms differ by the token that says how the heart moves.
"""
