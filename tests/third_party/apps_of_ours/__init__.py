"""Models that use the bases and fields of packages that bring few models themselves."""
