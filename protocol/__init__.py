"""The wire between feed and client: frames, codecs, limits, problems. No sockets, no state."""
