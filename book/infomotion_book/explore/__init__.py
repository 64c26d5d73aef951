"""All controls of the book: the heart cycle, the tolerance, the graphs and the chosen clips."""
