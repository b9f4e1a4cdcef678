"""The `footnote` command: parser, commands, terminal output."""
