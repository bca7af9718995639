"""A lab of database servers with keys, certificates and clients over TLS and TCP; programs of either project."""
import os
import socket
import ssl
import subprocess
import sys

from ovsdb_lab import TURNOUT, Client, Lab

SIDES = (("reference", False), ("turnout", True))


def program(ours, name):
    """The path of a program of either project."""
    folders = (TURNOUT,) if ours else ("/usr/sbin", "/usr/bin")
    found = [os.path.join(folder, name) for folder in folders if os.path.exists(os.path.join(folder, name))]
    return os.path.abspath(found[0]) if found else None


def free_ports(count):
    """Ports of this host that nobody listens on at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class TlsLab(Lab):
    def file(self, name):
        return os.path.join(self.directory, name)

    def run(self, *words, timeout=20):
        return subprocess.run(words, env=self.environment, cwd=self.directory, capture_output=True, text=True, timeout=timeout)

    def must(self, *words):
        done = self.run(*words)
        if done.returncode:
            sys.exit("%s: %s" % (" ".join(words), done.stderr))
        return done.stdout

    # Files are NAME.pem and NAME-key.pem; elliptic keys, because they are quick.
    def authority(self, name):
        self.must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                  "-keyout", name + "-key.pem", "-out", name + ".pem", "-subj", "/CN=" + name)

    def certificate(self, authority, name, common_name=None):
        self.must("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                  "-keyout", name + "-key.pem", "-out", name + ".csr", "-subj", "/CN=" + (common_name or name))
        self.must("openssl", "x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey", authority + "-key.pem",
                  "-CAcreateserial", "-days", "30", "-out", name + ".pem")

    @staticmethod
    def tls(name, ca="ca"):
        """The options of a program that shows that certificate."""
        return ["--private-key=%s-key.pem" % name, "--certificate=%s.pem" % name, "--ca-cert=%s.pem" % ca]

    @staticmethod
    def tcp(port):
        return Client(socket.create_connection(("127.0.0.1", port), 20))

    def context(self, name, ca="ca"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.file(ca + ".pem"))
        context.load_cert_chain(self.file(name + ".pem"), self.file(name + "-key.pem"))
        return context

    def ssl(self, port, name, ca="ca"):
        return Client(self.context(name, ca).wrap_socket(socket.create_connection(("127.0.0.1", port), 20)))
