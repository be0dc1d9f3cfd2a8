"""The append-only log: one contract for every engine, sealed events, hash chains, snapshots, tokens, verification."""
