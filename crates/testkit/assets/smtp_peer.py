"""A mail server by aiosmtpd. Writes each mail that it takes as a line of JSON, as Python's own parser of mails sees it.

nobody@… is refused, later@… put off; for vanish@… the line breaks after the mail was taken, before that is told.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder, port, encryption, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name: str(value) for name, value in message.items()},
            "text": message.get_content(),
            "hello": session.host_name,
            "tls": session.ssl is not None or encryption == "tls",
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        with open(os.path.join(folder, "mails"), "a", encoding="utf-8") as file:
            file.write(json.dumps(mail) + "\n")
        if any(address.startswith("vanish@") for address in envelope.rcpt_tos):
            server.transport.abort()
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = data.password.decode() == password
    return AuthResult(success=right, handled=False, auth_data=data)


def server():
    options = {"hostname": "peer.example"}
    if encryption == "starttls":
        options.update(tls_context=context, require_starttls=True)
    if password:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=encryption == "starttls")
    return SMTP(Handler(), **options)


context = None
if encryption != "none":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem"))


async def main():
    tls = context if encryption == "tls" else None
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", port, ssl=tls)
    draft = os.path.join(folder, "port.draft")
    with open(draft, "w", encoding="ascii") as file:
        file.write(str(listening.sockets[0].getsockname()[1]))
    os.rename(draft, os.path.join(folder, "port"))
    await listening.serve_forever()


asyncio.run(main())
