"""What the console draws, as plain frozen data: the mirror's rows and a time go in, drawable rows and lines come out.

Pure: no clock, no I/O, no link. Everything that came from outside is `Untrusted` in here.
"""
