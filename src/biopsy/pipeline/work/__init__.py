"""Work: what the queue holds, done; one process for each job, and nothing of it stays behind."""
