"""The console's side of the feed: link, mirror, commands, views, configuration."""
