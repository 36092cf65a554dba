"""What Anlan does, one verb a file: receive, handle, route, read, measure. One intent is one transaction."""
