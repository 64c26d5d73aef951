"""An author's own videos: a folder and a list of any make become a data set in EchoNet's layout."""
