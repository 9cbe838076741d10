"""The steps of the schema: numbered SQL scripts."""
