"""How the reader is made; imported by nothing that answers."""
