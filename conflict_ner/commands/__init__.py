"""The commands of `conflict-ner`, a file each."""
