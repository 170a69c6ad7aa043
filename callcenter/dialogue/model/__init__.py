"""A language model leads the conversation, along the same flow."""
