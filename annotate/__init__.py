"""The Label Studio side: a server, the labelling project, and the annotators' work in and out."""
