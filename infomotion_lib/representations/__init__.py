"""Video to vector: each room or file turns the videos of a table into one vector each."""
