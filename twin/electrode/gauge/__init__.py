"""The scanning coating gauge: loading along the web and across it."""
