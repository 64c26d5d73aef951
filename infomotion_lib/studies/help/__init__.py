"""When does motion-based selection help? A study registered before its first row.

:mod:`registration` reads what was registered and refuses anything else, :mod:`worlds` draws a pool of one
world, :mod:`gate` asks an oracle for the headroom of each world (stage 0), :mod:`answers` says per world
whether a selector beats, equals, or neither. The reasons stand on the book's page of the registration.
"""
