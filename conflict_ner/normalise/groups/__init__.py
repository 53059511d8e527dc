"""Groups: which organisation a mention means, or what kind of force it is and whose."""
