"""All controls of the book: the tolerance and the chosen clips, beside the library's heart cycle and graphs."""
