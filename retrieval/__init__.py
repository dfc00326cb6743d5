"""Files into an index, a question into a cited answer. Knows nothing of how it is asked."""
