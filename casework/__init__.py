"""The domain: cases, events, rules, priority, clocks, catalogue, query language. Pure: no I/O, no clock of its own."""
