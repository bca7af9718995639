"""A TCP connection that goes on, or does not, while something happens to the switch; and the ports of the switch."""
import socket
import threading

from namespace import inside
from switch_lab import wait_for
from traffic import in_ns


class Conversation:
    """A TCP connection between two hosts that says a byte and waits for its echo, again and again."""

    def __init__(self, server_ns, client_ns, address, port=5001):
        with inside(server_ns):
            self.listener = socket.create_server((address, port))
        with inside(client_ns):
            self.client = socket.socket()
        self.echoes, self.over, self.failure = 0, False, None
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.echo, self.talk)]
        self.client.settimeout(30)
        self.client.connect((address, port))
        for t in self.threads:
            t.start()

    def echo(self):
        connection, _ = self.listener.accept()
        while part := connection.recv(100):
            connection.sendall(part)

    def talk(self):
        try:
            while not self.over:
                self.client.sendall(b"x")
                if not self.client.recv(1):
                    raise OSError("closed")
                self.echoes += 1
        except OSError as error:
            self.failure = error

    def goes_on(self):
        before = self.echoes
        wait_for("the connection to go on", lambda: self.failure or self.echoes > before + 5)
        assert not self.failure, self.failure

    def end(self):
        self.over = True
        self.threads[1].join(30)
        self.client.close()
        self.listener.close()


def numbers(s):
    return {line for line in in_ns(s.ns, "ovs-dpctl", "show").stdout.splitlines() if line.strip().startswith("port ")}
