"""A server that demands extended protection, and hands the requests that pass on to the emulator.

    extended_protection.py PORT ADDRESS_BEHIND CERTIFICATE KEY HASH TOKEN_PREFIX BINDING_FILE

It authenticates at /windowstransport with SPNEGO, and lets nobody in whose token is not bound to this server's
certificate (RFC 5929, tls-server-end-point). HASH is that of the certificate's signature. Each verdict is a line of its
output; what it expects goes into BINDING_FILE.
"""

import base64
import hashlib
import http.client
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import gssapi

PORT, BEHIND, CERTIFICATE, KEY, HASH, PREFIX, BINDING_FILE = sys.argv[1:]


def binding():
    with open(CERTIFICATE) as file:
        certificate = ssl.PEM_cert_to_DER_cert(file.read())
    return b"tls-server-end-point:" + hashlib.new(HASH, certificate).digest()


BINDING = binding()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.hand_on()

    def do_POST(self):
        if not self.path.endswith("/windowstransport"):
            return self.hand_on()
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Negotiate":
            return self.refuse(None)
        context = gssapi.SecurityContext(
            creds=gssapi.Credentials(usage="accept"),
            channel_bindings=gssapi.raw.ChannelBindings(application_data=BINDING),
            usage="accept",
        )
        try:
            answer = context.step(base64.b64decode(token))
            # An error that comes with a token to send is raised at the next use.
            complete = context.complete
        except gssapi.raw.BadChannelBindingsError:
            return self.refuse("bound to something else")
        except gssapi.exceptions.GSSError as error:
            return self.refuse(str(error).replace("\n", " "))
        if not complete:
            return self.refuse("not complete")
        # MIT's library lets tokens through that are bound to nothing, as RFC 2743 has it: a server that demands a
        # binding looks at this flag, which is set if there was one and it was the right one.
        if gssapi.RequirementFlag.channel_bound not in context.actual_flags:
            return self.refuse("bound to nothing")
        self.say("bound to this server")
        user = f"{PREFIX}1:{context.initiator_name}".encode()
        authorization = "Negotiate " + base64.b64encode(user).decode()
        self.headers.replace_header("Authorization", authorization)
        self.hand_on(answer)

    def refuse(self, why):
        """Says no more than that Negotiate is offered, as IIS does."""
        if why:
            self.say(why)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Negotiate")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def hand_on(self, proof=None):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        behind = http.client.HTTPSConnection(BEHIND, int(PORT), context=ssl._create_unverified_context())
        behind.request(self.command, self.path, body, dict(self.headers))
        response = behind.getresponse()
        body = response.read()
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "www-authenticate"):
                self.send_header(name, value)
        if proof:
            self.send_header("WWW-Authenticate", "Negotiate " + base64.b64encode(proof).decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say(self, verdict):
        print(verdict, flush=True)

    def log_message(self, *_):
        pass


with open(BINDING_FILE, "wb") as file:
    file.write(BINDING)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CERTIFICATE, KEY)
server = ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler)
server.daemon_threads = True
server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
