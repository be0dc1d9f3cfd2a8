"""Colors and style sheets: what a tone looks like. The drawing knows tones only."""
