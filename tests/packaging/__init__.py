"""What is shipped, installed as a user would install it."""
