"""Evidence: every selector on many independent phantom pools, with the IFA network trained elsewhere.

One pool has an interval of about ten accuracy points, however many networks are trained on it. :mod:`arms`
says what is compared, :mod:`pools` draws a pool, :mod:`feature_networks` trains those that make
vectors, :mod:`sets` selects, :mod:`study` trains and keeps one row per network, :mod:`rows` reads and
publishes them, and :mod:`comparison` says what they allow to be said.
"""
