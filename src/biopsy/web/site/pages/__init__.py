"""The pages. Each module has `HANDLERS`, made with `paging.page`, and is found by its file."""
