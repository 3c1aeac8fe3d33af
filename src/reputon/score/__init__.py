"""Score: how good the evidence makes a sender: 0 to 100, with its reasons."""
