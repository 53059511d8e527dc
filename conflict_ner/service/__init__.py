"""The HTTP service: articles in, spans, facts and events out, and a page for people."""
