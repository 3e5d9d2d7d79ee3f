"""Writes down what it is asked to do, in the file named by $OUT."""
import os

from fail2ban.server.actions import ActionBase


class Recorder(ActionBase):
    def __init__(self, jail, name, greeting="hello", norestored=False):
        super().__init__(jail, name)
        self.greeting = greeting
        self.norestored = norestored

    def note(self, text):
        with open(os.environ["OUT"], "a") as out:
            out.write("%s %s\n" % (self._name, text))
        return len(text)

    def start(self):
        self.note("start %s in %s" % (self.greeting, self._jail.name))

    def stop(self):
        self.note("stop")

    def ban(self, aInfo):
        self.note("ban %s %s %i %s" % (aInfo["ip"], aInfo["family"], aInfo["failures"], type(aInfo["ip"]).__name__))

    def unban(self, aInfo):
        self.note("unban %(ip)s of %(jail.name)s" % aInfo)


Action = Recorder
