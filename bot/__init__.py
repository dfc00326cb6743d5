"""Everything a person touches: the command line, settings, the conversation."""
