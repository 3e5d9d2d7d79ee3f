"""Asks for whatever a ticket and a jail may say, and changes what it was given."""
from fail2ban.server.action import ActionBase, CallingMap
import os


class Asking(ActionBase):
    def ban(self, aInfo):
        words = [aInfo["ipmatches"], aInfo["ipjailfailures"], aInfo["F-*"].get("user"), aInfo["ip-rev"],
                 self._jail.actions.getBanTime(), aInfo.get("nothing"), aInfo["matches"]]
        extra = CallingMap(one=lambda: 1, sum=lambda m: m["one"] + 1)
        aInfo.update(extra)
        words.append(aInfo["sum"])
        aInfo["ip"] = "changed"
        words.append(aInfo["ip"])
        with open(os.environ["OUT"], "a") as out:
            out.write(" ".join(str(w) for w in words) + "\n")


Action = Asking
