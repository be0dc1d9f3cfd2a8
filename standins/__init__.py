"""The outside world for demo, tests and drills: a simulated platform, NCMEC's stand-in, a source of escalations."""
