"""What actions import by this name: their base class, and what a ticket says."""
from .action import ActionBase, CallingMap, CommandAction  # noqa: F401
from .ipdns import IPAddr
from .mytime import MyTime  # noqa: F401
from .ticket import BanTicket  # noqa: F401
from .utils import Utils  # noqa: F401

# Asked for only when an action wants to know: each of them costs the server a query.
ASKED = ("ipmatches", "ipjailmatches", "ipfailures", "ipjailfailures")


class Actions:
    class ActionInfo(CallingMap):
        """The values of one ticket (a dict), and a function that asks the server for the rest."""

        def __init__(self, values, ask):
            super().__init__(values)
            ip = IPAddr(values["ip"]) if "ip" in values else None
            if ip is not None:
                self.data["ip"] = ip
                self.data["ip-host"] = ip.getHost
            if "fid" in values and not isinstance(values["fid"], (tuple, list)):
                fid = IPAddr(values["fid"])
                self.data["fid"] = fid if fid.isValid else values["fid"]
            for tag in ASKED:
                self.data[tag] = lambda tag=tag: ask(tag)

        def copy(self):
            return CallingMap(dict(self.data, **self.storage))
