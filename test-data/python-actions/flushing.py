"""Flushes, and can be reloaded."""
import os

from fail2ban.server.actions import ActionBase


class Flushing(ActionBase):
    def __init__(self, jail, name, flushes=True, color="red"):
        super().__init__(jail, name)
        self.flushes = flushes
        self.color = color

    def note(self, text):
        with open(os.environ["OUT"], "a") as out:
            out.write(text + "\n")

    def clearAllParams(self):
        self.color = None

    def reload(self, color="blue", flushes=True):
        self.note("reload %s to %s" % (self.color, color))
        self.color = color

    def flush(self):
        self.note("flush")
        return self.flushes

    def unban(self, aInfo):
        self.note("unban %s" % aInfo["ip"])


Action = Flushing
