"""Pages as a reader sees them: headless Chromium on real servers and files."""
