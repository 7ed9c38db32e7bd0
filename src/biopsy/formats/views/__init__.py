"""What a person wants to see of an analysis, worked out once for every format that shows it."""
