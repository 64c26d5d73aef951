"""Commands of ``infomotion``, a file per group."""
