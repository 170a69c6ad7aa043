"""What simulated callers speak with, an engine a module; `catalogue` says which languages each of them speaks."""
