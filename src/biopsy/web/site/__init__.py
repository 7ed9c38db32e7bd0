"""The web site: each page is one Struct in two forms, JSON for programs and a template for people."""
