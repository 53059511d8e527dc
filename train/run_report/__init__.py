"""The report of a finished run as one page: what it scores, where it errs, and in which words."""
