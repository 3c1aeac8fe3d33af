"""Evidence: what was seen of a sender: counted, attributed to a source, kept once."""
