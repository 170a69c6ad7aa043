"""Working on flows as text: talk to one, play personas against it, draw it, compare what its variants bring."""
