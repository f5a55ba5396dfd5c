"""The `corekit` command."""
