"""Worker processes with limits of time and memory, in which every reader runs."""
