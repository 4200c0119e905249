"""Published names <-> ours, one file a family of published code."""
