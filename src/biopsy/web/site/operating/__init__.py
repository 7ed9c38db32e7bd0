"""The queue as the site sees it: feeds, lanes, workers, failures; and what operators may do with jobs."""
