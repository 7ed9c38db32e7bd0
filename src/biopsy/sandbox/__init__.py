"""Run a package where it can harm nobody and everything it does is seen."""
