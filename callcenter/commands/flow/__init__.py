"""`callcenter flow …`: check a flow, talk to it, draw it, and play personas against it."""
