"""The escalation feed: log, hub, server, intake, delivery."""
