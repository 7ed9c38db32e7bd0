"""The database of malicious packages: claims of many sources in, reports in the OSV format out."""
