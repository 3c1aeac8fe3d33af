"""Server: what stands between the network and the kernel."""
