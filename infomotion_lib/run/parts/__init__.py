"""Stages whose work several jobs share: one prepares, each does a part, the stage takes up what they left.

The workflow engine begins, places and repeats these jobs; here is only what each does.
"""
