"""What a drawn heart is: the factors that only the phantom knows, as an oracle."""
