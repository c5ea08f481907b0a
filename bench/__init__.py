"""What Parley costs, measured; see docs/performance.md."""
