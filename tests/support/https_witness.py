#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""https_witness.py FOLDER: a witness of audit log heads, for tests.

Takes FOLDER/server.pem and server.key, tells its port on standard output, adds what is posted to
FOLDER/heads.txt, and leaves when its standard input is closed. While there is FOLDER/refuse it
answers 503, while there is FOLDER/silent it does not answer, and while there is FOLDER/elsewhere it
answers with a redirect.
"""

import http.server
import os
import ssl
import sys
import threading
import time

folder = sys.argv[1]


def there(name):
    return os.path.exists(os.path.join(folder, name))


class Witness(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        while there("silent"):
            time.sleep(0.02)
        if there("elsewhere"):
            self.send_response(307)
            self.send_header("Location", "https://localhost:1/")
        elif there("refuse"):
            self.send_response(503)
        else:
            with open(os.path.join(folder, "heads.txt"), "ab") as heads:
                heads.write(body)
            self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Witness)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
