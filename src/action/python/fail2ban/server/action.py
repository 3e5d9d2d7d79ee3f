"""The base classes of actions."""
import re
from abc import ABCMeta
from collections.abc import MutableMapping

from ..helpers import getLogger, uni_string
from .ipdns import DNSUtils
from .mytime import MyTime
from .utils import Utils

REQUIRED = ("start", "stop", "ban", "reban", "unban")


class CallingMap(MutableMapping):
    """A mapping that calls those of its values which are functions, each at most once, when they are asked for.

    A function with a parameter gets the mapping itself.  `data` holds the functions, `storage` what they said and what was set.
    """

    def __init__(self, *args, **kwargs):
        self.data = dict(*args, **kwargs)
        self.storage = {}
        self.immutable = True
        self._first = None

    def reset(self, immutable=True):
        """Forgets what was set, said and deleted."""
        if self._first is not None:
            self.data, self._first = self._first, None
        self.storage = {}
        self.immutable = immutable

    def _change(self):
        if self._first is None:
            self._first, self.data = self.data, dict(self.data)
        self.immutable = False

    def getRawItem(self, key):
        return self.storage[key] if key in self.storage else self.data[key]

    def __getitem__(self, key):
        value = self.getRawItem(key)
        if callable(value):
            code = getattr(value, "__code__", None)
            wants_map = code is not None and code.co_argcount > len(value.__defaults__ or ()) + hasattr(value, "__self__")
            value = value(self) if wants_map else value()
            self.storage[key] = value
        return value

    def __setitem__(self, key, value):
        self._change()
        self.data.setdefault(key, value)
        self.storage[key] = value

    def __delitem__(self, key):
        self._change()
        del self.data[key]
        self.storage.pop(key, None)

    def __iter__(self):
        return iter(self.data)

    def __len__(self):
        return len(self.data)

    def _asdict(self, calculated=False, checker=None):
        shown = {}
        for key in {**self.data, **self.storage}:
            value = self.getRawItem(key)
            if callable(value) and calculated:
                try:
                    value = self[key]
                    if checker is not None:
                        checker(value)
                except Exception:
                    pass
            if calculated or not callable(value):
                shown[key] = value
        return shown

    def __repr__(self):
        return "%s(%r)" % (type(self).__name__, self._asdict())

    def copy(self):
        return type(self)(dict(self.data, **self.storage))


class ActionBase(metaclass=ABCMeta):
    """To be inherited from; a class with all of the methods counts as well."""

    @classmethod
    def __subclasshook__(cls, other):
        return all(callable(getattr(other, name, None)) for name in REQUIRED)

    def __init__(self, jail, name):
        self._jail = jail
        self._name = name
        self._logSys = getLogger("fail2ban." + type(self).__name__)

    def start(self):
        pass

    def stop(self):
        pass

    def ban(self, aInfo):
        pass

    def reban(self, aInfo):
        return self.ban(aInfo)

    @property
    def _prolongable(self):
        return False

    def unban(self, aInfo):
        pass


COMMANDS = ("actionstart", "actionstop", "actionban", "actionreban", "actionunban", "actioncheck", "actionrepair",
            "actionflush", "actionreload")
_TAG = re.compile(r"<([^ <>]+)>")
_UNSAFE = re.compile(r"[\\#&;`|*?~<>^()\[\]{}$'\"\n\r]")
_NO_NAME = re.compile(r"\W")
_DEPTH = 25  # of tags within tags


class CommandAction(ActionBase):
    """Runs commands: the properties actionban and so on, with <tags> of the other properties and of the ticket.

    For classes that add to it.  An action file that is no Python is run by the server itself and knows more: families, repair.
    """

    _escapedTags = {"matches", "ipmatches", "ipjailmatches"}

    def __init__(self, jail, name):
        super().__init__(jail, name)
        self._started = False
        self.clearAllParams()

    def __setattr__(self, name, value):
        if name == "bantime":
            return
        object.__setattr__(self, name, MyTime.str2seconds(value) if name == "timeout" else value)

    @classmethod
    def __subclasshook__(cls, other):
        return NotImplemented

    def clearAllParams(self):
        self.timeout = 60
        for name in COMMANDS:
            setattr(self, name, "")

    @property
    def _properties(self):
        return {key: getattr(self, key) for key in dir(self)
                if not key.startswith("_") and not callable(getattr(self, key))}

    @property
    def _prolongable(self):
        return bool(str(getattr(self, "actionprolong", "")).strip())

    # --- tags ---------------------------------------------------------------------------------------------------------------

    @staticmethod
    def escapeTag(value):
        """With a backslash before whatever means something to the shell."""
        words = {"\n": "n", "\r": "r"}
        return _UNSAFE.sub(lambda m: "\\" + words.get(m[0], m[0]), value)

    @classmethod
    def replaceTag(cls, query, aInfo, conditional="", addrepl=None, cache=None):
        """The tags that aInfo knows, and those in what takes their place."""
        def value(match):
            tag = match[1]
            found = aInfo.get("%s?%s" % (tag, conditional)) if conditional else None
            if found is None:
                found = aInfo.get(tag)
            if found is None and addrepl is not None:
                found = addrepl(tag)
            if found is None:
                found = {"br": "\n", "sp": " "}.get(tag)
            if found is None and tag in ("fq-hostname", "sh-hostname"):
                found = DNSUtils.getHostname(fqdn=tag == "fq-hostname")
            if found is None:
                return match[0]
            text = uni_string(found)
            return cls.escapeTag(text) if tag in cls._escapedTags else text

        for _ in range(_DEPTH):
            replaced = _TAG.sub(value, query)
            if replaced == query:
                return replaced
            query = replaced
        raise ValueError("possible self referencing definitions in query: %r" % query)

    @classmethod
    def replaceDynamicTags(cls, realCmd, aInfo, escapeVal=None):
        """The ticket's tags, each once.  A value that is not harmless becomes a shell variable: never part of the script."""
        variables = {}

        def value(match):
            tag = match[1]
            if tag.startswith("F-"):
                found = (aInfo.get("F-*") or {}).get(tag[2:].lower().replace("-", "_"))
                found = "" if found is None else found
            else:
                found = aInfo.get(tag)
                if found is None:
                    return match[0]
            text = uni_string(found)
            if escapeVal is not None:
                return escapeVal(tag, text)
            if not _UNSAFE.search(text):
                return text
            name = "f2bV_" + _NO_NAME.sub("_", tag)
            variables[name] = text
            return "$" + name

        command = _TAG.sub(value, realCmd)
        return Utils.buildShellCmd(command, variables) if variables else command

    # --- running ---------------------------------------------------------------------------------------------------------------

    @staticmethod
    def executeCmd(realCmd, timeout=60, **kwargs):
        if not realCmd:
            return True
        return Utils.executeCmd(realCmd, timeout, shell=True, output=False, **kwargs)

    def _processCmd(self, cmd, aInfo=None):
        """Renders a command and runs it; a blank one is a success."""
        text = self.replaceTag(cmd, self._properties)
        if not text.strip():
            return True
        if aInfo is not None:
            text = self.replaceDynamicTags(text, aInfo)
        return self.executeCmd(text, self.timeout)

    def _must(self, cmd, complaint, aInfo=None):
        if not self._processCmd(cmd, aInfo):
            raise RuntimeError(complaint)

    def _sane(self):
        """The environment is checked, and once made anew when something else took it away."""
        if not self.actioncheck or self._processCmd("<actioncheck>"):
            return
        self._logSys.error("Invariant check failed. Trying to restore a sane environment")
        if self.actionrepair:
            self._must("<actionrepair>", "Error repairing action %s/%s" % (self._jail, self._name))
        else:
            self.stop()
            self.start()
        self._must("<actioncheck>", "Action check failed after restoring %s/%s" % (self._jail, self._name))

    def start(self):
        self._must("<actionstart>", "Error starting action %s/%s: 'Script error'" % (self._jail, self._name))
        self._started = True
        return True

    def ban(self, aInfo, cmd="<actionban>"):
        if not self._started:
            self.start()
        if self._processCmd(cmd, aInfo):
            return
        self._sane()
        self._must(cmd, "Error banning %s" % aInfo.get("ip"), aInfo)

    def reban(self, aInfo):
        self.ban(aInfo, "<actionreban>" if self.actionreban else "<actionban>")

    def prolong(self, aInfo):
        self._must("<actionprolong>", "Error prolonging %s" % aInfo.get("ip"), aInfo)

    def unban(self, aInfo):
        if self._started:
            self._must("<actionunban>", "Error unbanning %s" % aInfo.get("ip"), aInfo)

    def flush(self):
        self._must("<actionflush>", "Error flushing action %s/%s: 'Script error'" % (self._jail, self._name))
        return True

    def stop(self):
        started, self._started = self._started, False
        if started:
            self._must("<actionstop>", "Error stopping action %s/%s: 'Script error'" % (self._jail, self._name))
        return True

    def reload(self, **kwargs):
        for name, value in kwargs.items():
            setattr(self, name, value)
        if self._started:
            self._must("<actionreload>", "Error reloading action %s/%s: 'Script error'" % (self._jail, self._name))
        return True

    def consistencyCheck(self, beforeRepair=None):
        if self._started and self.actioncheck and not self._processCmd("<actioncheck>"):
            if beforeRepair is None or beforeRepair():
                self._sane()
