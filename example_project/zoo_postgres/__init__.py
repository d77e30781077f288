"""One of each awkward thing that only PostgreSQL can hold."""
