"""From an approved action in the log to an effect at the platform that somebody has seen."""
