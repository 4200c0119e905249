"""What developers run: scripts and the site of the documents."""
