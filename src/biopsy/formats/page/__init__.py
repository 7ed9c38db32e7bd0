"""The HTML report: what it shows (`view` and the modules it draws on) and how it looks (`report.html.j2`)."""
