"""A request byte by byte, for what no client library sends."""

import json
import socket


def exchange(port, head, *pieces, seconds=30):
    """Status, headers and JSON of the answer; `pieces` follow the lines of `head`."""
    lines = [*head, "Host: localhost", "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", int(port)), timeout=seconds) as connection:
        connection.sendall("\r\n".join(lines).encode())
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # the server has answered and closed already
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = top.decode().split("\r\n")
    return int(status.split()[1]), headers, json.loads(body)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


END = b"0\r\n\r\n"
