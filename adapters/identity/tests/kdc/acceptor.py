"""The side that accepts: a token in each line of the input, hexadecimal, and a verdict with the next token in each of
the output. The argument is the application data of the channel bindings, hexadecimal."""

import sys

import gssapi
from gssapi.raw import ChannelBindings

bindings = ChannelBindings(application_data=bytes.fromhex(sys.argv[1]))
context = gssapi.SecurityContext(usage="accept", channel_bindings=bindings)
for line in sys.stdin:
    try:
        token = context.step(bytes.fromhex(line.strip())) or b""
        # A refusal that comes with a token is raised here.
        complete = context.complete
    except gssapi.exceptions.GSSError as error:
        print("refused", str(error).replace("\n", " "), flush=True)
        break
    print("complete" if complete else "continue", token.hex(), flush=True)
    if complete:
        print(context.initiator_name, flush=True)
        break
