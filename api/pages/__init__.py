"""What the portal and the console share, so that neither needs to know the other: frame, words, the search box."""
