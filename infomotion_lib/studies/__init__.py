"""The project's own experiments, beside those of the paper."""
