"""Memory: schema, records, queries, and the spool for when PostgreSQL is away."""
