"""Fails in every method, after saying something to the log."""
from fail2ban.server.actions import ActionBase


class Failing(ActionBase):
    def start(self):
        self._logSys.warning("about to %s, 100%%", "fail")
        raise RuntimeError("no start")

    def stop(self):
        raise OSError(5, "no stop")

    def ban(self, aInfo):
        self._logSys.debug("nobody sees this")
        self._logSys.notice("number %s and %s", "one")
        return {}["missing"]

    def unban(self, aInfo):
        raise SystemExit(3)


Action = Failing
