"""Stand-ins for what a floor meets outside: the simulator of escalations, a simulated crew, the simulated platform."""
