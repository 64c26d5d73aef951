"""The stages: what each needs, writes and is made of, and how one is run."""
