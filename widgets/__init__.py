"""What a screen is made of; draws, and does nothing else."""
