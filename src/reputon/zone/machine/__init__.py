"""Machine: the kernel as machine code, kept in a file."""
