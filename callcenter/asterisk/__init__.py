"""The PBX: typed events, the ARI client, the legs of a call."""
