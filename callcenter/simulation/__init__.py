"""The simulated caller: a persona on a SIP phone, and what was measured on its side of the line."""
