"""Never comes to an end with one address, ends its process with another."""
import os

from fail2ban.server.actions import ActionBase


class Stuck(ActionBase):
    def note(self, text):
        with open(os.environ["OUT"], "a") as out:
            out.write(text + "\n")

    def start(self):
        self.note("start")

    def ban(self, aInfo):
        self.note("ban %s" % aInfo["ip"])
        if aInfo["ip"] == "192.0.2.66":
            while True:
                pass
        if aInfo["ip"] == "192.0.2.99":
            os.abort()


Action = Stuck
