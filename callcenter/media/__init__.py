"""Sound: PCM, G.711, RTP, playout and the one 20 ms clock of all calls."""
