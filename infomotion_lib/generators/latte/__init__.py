"""Latte: a video transformer that denoises latents, asked for an EF class."""
