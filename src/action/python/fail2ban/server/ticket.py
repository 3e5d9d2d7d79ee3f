"""An offender as a value, for actions that make some of their own."""
from .ipdns import IPAddr
from .mytime import MyTime


class Ticket:
    def __init__(self, ip=None, time=None, matches=None, data=None):
        self._ip = IPAddr(ip) if isinstance(ip, str) else ip
        self._time = MyTime.time() if time is None else time
        self._data = dict(data or {})
        self._data.setdefault("matches", list(matches or []))
        self._data.setdefault("failures", 0)
        self._ban_time = None
        self._ban_count = 0
        self.restored = False
        self.banned = False

    def getID(self):
        return self._data.get("fid", self._ip)

    def getIP(self):
        return self._data.get("ip", self._ip)

    def getTime(self):
        return self._time

    def setTime(self, value):
        self._time = value

    def getBanTime(self, defaultBT=None):
        return self._ban_time if self._ban_time is not None else defaultBT

    def setBanTime(self, value):
        self._ban_time = value

    def getBanCount(self):
        return self._ban_count

    def setBanCount(self, value, always=False):
        self._ban_count = value if always else max(value, self._ban_count)

    def getAttempt(self):
        return self._data["failures"]

    def setAttempt(self, value):
        self._data["failures"] = value

    def getMatches(self):
        return ["".join(m) if isinstance(m, (list, tuple)) else m for m in self._data["matches"]]

    def getData(self, key=None, default=None):
        return self._data if key is None else self._data.get(key, default)


class FailTicket(Ticket):
    pass


class BanTicket(FailTicket):
    pass
