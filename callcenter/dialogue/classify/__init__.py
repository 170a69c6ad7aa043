"""What callers mean besides answers, understood by patterns, sentence embeddings or an HTTP service."""
