"""The terminal's side of the application: what it can do, what is sent to it and how fast, and what it sends."""
