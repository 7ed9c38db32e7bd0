"""The subcommands: one module each, named as the command, with the command in `command`."""
