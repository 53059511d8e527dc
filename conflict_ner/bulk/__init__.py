"""Bulk extraction: a file of many articles in, event tables out; what was cut short goes on where it stood.

`run.run_bulk` does it, `python -m conflict_ner.cli bulk` asks for it.
"""
