"""Disagreements settled by an adjudicator, in a project of their own."""
