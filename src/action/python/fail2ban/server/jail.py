"""What an action may ask of its jail; each question is answered by the server."""


class _Part:
    def __init__(self, ask):
        self._ask = ask


class JailFilter(_Part):
    def getMaxRetry(self):
        return self._ask("maxretry")

    def getFindTime(self):
        return self._ask("findtime")


class JailActions(_Part):
    def getBanTime(self):
        return self._ask("bantime")

    def getBanList(self, withTime=False):
        return self._ask("banlist", bool(withTime))

    def getBanned(self, ids):
        """As the command `get JAIL banned`: without ids the list, for one id 0 or 1, for several a list of these."""
        banned = self.getBanList()
        found = [1 if str(i) in banned else 0 for i in ids or ()]
        return banned if not ids else found[0] if len(found) == 1 else found

    def addBannedIP(self, ip):
        """Bans; the server does so when this method has come to its end."""
        return self._ask("addbanned", [str(i) for i in (ip if isinstance(ip, (list, tuple)) else [ip])])

    def removeBannedIP(self, ip=None, db=True, ifexists=False):
        return self._ask("removebanned", [str(i) for i in (ip if isinstance(ip, (list, tuple)) else [ip])])


class Jail:
    def __init__(self, name, ask):
        self._name = name
        self._actions = JailActions(ask)
        self._filter = JailFilter(ask)

    def __str__(self):
        return "Jail(%r)" % self._name

    __repr__ = __str__

    @property
    def name(self):
        return self._name

    @property
    def actions(self):
        return self._actions

    @property
    def filter(self):
        return self._filter

    @property
    def database(self):
        return None  # the server's; <ipmatches> and the like ask it

    def getBanTimeExtra(self, opt=None):
        return {} if opt is None else None
