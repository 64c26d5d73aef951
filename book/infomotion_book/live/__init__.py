"""Infomap in the page: the data that it needs, the module that runs it, and the parts of its page."""
