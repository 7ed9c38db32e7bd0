"""Following: what registries' feeds say becomes jobs in the queue, each once; nothing is lost on the way."""
