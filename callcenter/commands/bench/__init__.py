"""`callcenter bench …`: measures something, and fails if that is not what it should be."""
