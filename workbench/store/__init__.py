"""A store on disk: every path and lock of it, keys, finished trials, shared training prefixes."""
