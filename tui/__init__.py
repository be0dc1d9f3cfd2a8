"""The console: screens, actions and keys."""
