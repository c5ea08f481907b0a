"""The same work as others do it, to be measured beside ours."""
