"""The rules of the chat. Knows nothing of requests, cookies or sockets: the acting person is the first argument."""
