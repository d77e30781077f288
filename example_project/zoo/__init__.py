"""One of each awkward thing that a portable Django model can hold."""
