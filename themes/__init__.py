"""Colors and style sheets."""
