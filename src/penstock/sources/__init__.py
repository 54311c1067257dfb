"""Where data enters: rows over HTTP, files, the simulator; `formats` turns bytes into Drafts."""
