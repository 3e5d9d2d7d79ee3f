"""A mail server that takes one mail and writes it to a file: sink.py PORT-FILE MAIL-FILE"""
import os
import socket
import sys

listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(20)
with open(sys.argv[1] + ".new", "w") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
peer, _ = listener.accept()
stream = peer.makefile("rwb", buffering=0)
stream.write(b"220 sink\r\n")
mail = []
while True:
    line = stream.readline()
    word = line[:4].strip().upper()
    if word == b"DATA":
        stream.write(b"354 go on\r\n")
        while (line := stream.readline()) not in (b".\r\n", b""):
            mail.append(line)
    if word == b"QUIT" or not line:
        stream.write(b"221 bye\r\n")
        break
    stream.write(b"250 ok\r\n")
with open(sys.argv[2] + ".new", "wb") as out:
    out.writelines(mail)
os.rename(sys.argv[2] + ".new", sys.argv[2])
