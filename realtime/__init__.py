"""The engine under Socket.IO: sockets, frames, threads. Knows nothing of chat."""
