"""Inter-frame attention (IFA): the EMA-VFI network, its training, and one motion vector per video."""
