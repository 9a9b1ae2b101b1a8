"""The auditor's report as HTML: a summary, and a timeline for each payment."""
