"""A small app whose one large table is migrated by ``tests.benchmarks.migrations``."""
