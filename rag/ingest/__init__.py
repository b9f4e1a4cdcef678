"""From paths to stored papers: locate, read, plan, chunk, embed, store."""
