"""The one history of the schema. Keys, constraints and row-level security are written by hand."""
