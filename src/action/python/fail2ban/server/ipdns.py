"""Addresses and names.  Looking names up takes its time: only in helper processes and scripts."""
import ipaddress
import re
import socket

from ..helpers import getLogger
from .utils import Utils

logSys = getLogger(__name__)


def asip(ip):
    return ip if isinstance(ip, IPAddr) else IPAddr(ip)


class IPAddr:
    """An address, a network, or any other text that stands for an offender; equal to its text."""

    CIDR_RAW = -2
    CIDR_UNSPEC = -1

    __slots__ = ("_net", "_raw", "_is_raw")

    def __init__(self, ipstr, cidr=CIDR_UNSPEC):
        self._net = None
        self._is_raw = cidr == IPAddr.CIDR_RAW or isinstance(ipstr, (tuple, list))
        if isinstance(ipstr, IPAddr):
            self._net, self._raw, self._is_raw = ipstr._net, ipstr._raw, ipstr._is_raw
            return
        self._raw = ipstr
        if self._is_raw:
            return
        text = ipstr[1:-1] if ipstr.startswith("[") and ipstr.endswith("]") else ipstr
        if cidr is not None and cidr >= 0 and "/" not in text:
            text = "%s/%i" % (text, cidr)
        try:
            self._net = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return
        if self._net.version == 6 and self._net.prefixlen == 128:
            mapped = self._net.network_address.ipv4_mapped
            if mapped is not None:
                self._net = ipaddress.ip_network(mapped)

    def __str__(self):
        return self.ntoa if isinstance(self.ntoa, str) else str(self.ntoa)

    def __repr__(self):
        return repr(self.ntoa)

    def __format__(self, spec):
        return format(str(self), spec)

    def __reduce__(self):
        return str, (self.ntoa,)

    def __hash__(self):
        return hash(self.ntoa)

    def __eq__(self, other):
        if isinstance(other, IPAddr):
            return self._net == other._net and (self._net is not None or self._raw == other._raw)
        if other is None:
            return False
        if self._is_raw or not isinstance(other, (str, tuple, list)):
            return self._raw == other
        return self == IPAddr(other)

    def __lt__(self, other):
        other = asip(other)
        return (int(self.family), self.addr) < (int(other.family), other.addr)

    def __add__(self, other):
        return str(self) + str(other)

    def __radd__(self, other):
        return str(other) + str(self)

    def __contains__(self, ip):
        return self.contains(ip)

    @property
    def addr(self):
        return int(self._net.network_address) if self._net is not None else 0

    @property
    def family(self):
        if self._net is None:
            return IPAddr.CIDR_RAW if self._is_raw else socket.AF_UNSPEC
        return socket.AF_INET if self._net.version == 4 else socket.AF_INET6

    @property
    def familyStr(self):
        return None if self._net is None else "inet4" if self._net.version == 4 else "inet6"

    @property
    def instanceType(self):
        return "ip" if self.isValid else "dns"

    @property
    def plen(self):
        return self._net.prefixlen if self._net is not None else 0

    @property
    def raw(self):
        return self._raw

    @property
    def isValid(self):
        return self._net is not None or self._is_raw

    @property
    def isSingle(self):
        return self._net is not None and self._net.num_addresses == 1

    @property
    def isIPv4(self):
        return self._net is not None and self._net.version == 4

    @property
    def isIPv6(self):
        return self._net is not None and self._net.version == 6

    @property
    def hexdump(self):
        return self._net.network_address.packed.hex() if self._net is not None else ""

    @property
    def ntoa(self):
        if self._net is None:
            return self._raw
        text = socket.inet_ntop(self.family, self._net.network_address.packed)
        return text if self.isSingle else "%s/%i" % (text, self.plen)

    def getPTR(self, suffix=None):
        """The address backwards, as name servers want it."""
        if self._net is None:
            return ""
        if self.isIPv4:
            parts, zone = self.ntoa.split("."), "in-addr.arpa."
        else:
            parts, zone = list(self.hexdump), "ip6.arpa."
        return "%s.%s" % (".".join(reversed(parts)), zone if suffix is None else suffix)

    def getHost(self):
        return DNSUtils.ipToName(self.ntoa)

    def isInNet(self, net):
        if isinstance(net, set):
            return self in net
        if not net.isValid and net.raw:
            return self in DNSUtils.dnsToIp(net.raw)
        return (self._net is not None and net._net is not None and self._net.version == net._net.version
                and self._net.network_address in net._net)

    def contains(self, ip):
        return isinstance(ip, IPAddr) and (ip == self or ip.isInNet(self))

    @staticmethod
    def searchIP(text):
        """The text itself when it is an address, else None."""
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            return None
        return bare


class IPAddrSet(set):
    """Addresses and networks; what is in one of them is in the set."""

    def __init__(self, ips=()):
        super().__init__(asip(ip) for ip in ips)

    def add(self, ip):
        super().add(asip(ip))

    def __contains__(self, ip):
        ip = asip(ip)
        return super().__contains__(ip) or any(net.contains(ip) for net in self if not net.isSingle)


class DNSUtils:
    CACHE_nameToIp = Utils.Cache(maxCount=1000, maxTime=5 * 60)
    CACHE_ipToName = Utils.Cache(maxCount=1000, maxTime=5 * 60)

    @staticmethod
    def dnsToIp(dns):
        """The addresses of a name; an empty set when it has none."""
        found = DNSUtils.CACHE_nameToIp.get(dns)
        if found is not None:
            return found
        found = set()
        try:
            for entry in socket.getaddrinfo(dns, None, 0, 0, socket.IPPROTO_TCP):
                if entry[0] == socket.AF_INET or (entry[0] == socket.AF_INET6 and DNSUtils.IPv6IsAllowed()):
                    found.add(IPAddr(entry[4][0]))
        except (OSError, UnicodeError) as e:
            logSys.warning("Unable to find a corresponding IP address for %s: %s", dns, e)
        DNSUtils.CACHE_nameToIp.set(dns, found)
        return found

    @staticmethod
    def ipToName(ip):
        """The name of an address; None when it has none."""
        ip = str(ip)
        known = DNSUtils.CACHE_ipToName.get(ip, ())
        if known != ():
            return known
        name = None
        try:
            name = socket.gethostbyaddr(ip)[0]
        except OSError as e:
            logSys.debug("Unable to find a name for the IP %s: %s", ip, e)
        DNSUtils.CACHE_ipToName.set(ip, name)
        return name

    @staticmethod
    def textToIp(text, useDns):
        plain = IPAddr.searchIP(text)
        if plain is not None:
            return {IPAddr(plain)}
        if useDns not in ("yes", "warn"):
            return set()
        found = set(DNSUtils.dnsToIp(text))
        if found and useDns == "warn":
            logSys.warning("Determined IP using DNS Lookup: %s = %s", text, found)
        return found

    @staticmethod
    def getHostname(fqdn=True):
        return socket.getfqdn() if fqdn else socket.gethostname()

    @staticmethod
    def getSelfNames():
        return {"localhost", DNSUtils.getHostname(False), DNSUtils.getHostname(True)} - {""}

    @staticmethod
    def IPv6IsAllowed():
        """Does this host have IPv6 at all?"""
        try:
            with open("/proc/net/if_inet6") as interfaces:
                return bool(re.search(r"\S", interfaces.read()))
        except OSError:
            return False
