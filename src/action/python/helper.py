"""The process in which one Python action of one jail lives.

Started by the server (src/action/python-action.c) as `python3 helper.py FD`; FD is a socket.  Messages are pickles of plain values
with their length in four bytes before them (big-endian), each a tuple whose first member says what it is:

  to us     ("create", ID, JAIL, NAME, FILE, OPTIONS)         makes the action
            ("run", ID, METHOD, INFO or None)                 start, stop, ban …; INFO: what the ticket says
            ("call", ID, NAME, KWARGS)                        any method
            ("set", ID, [[NAME, VALUE], …], WANTED)           properties; a method is called with VALUE as JSON; replies
                                                              (the last VALUE, [NAME that is a property, …])
            ("get", ID, NAME), ("properties", ID), ("methods", ID)
            ("level", N)                                      the log level of the server
            ("answer", ID, OK, VALUE)                         to an "ask"
  from us   ("began", ID)                                     its time runs from now on
            ("reply", ID, True, VALUE, TRAITS), ("reply", ID, False, (CLASS, ARGS, TEXT, TRACEBACK), TRAITS)
            ("log", LEVEL, LOGGER, TEXT)
            ("ask", ID, REQUEST, TAG, ARGS)                   what only the server knows: of the ticket that REQUEST is
                                                              about, or with 0 of the jail

What may take its time is done by one worker thread, one thing after the other; the main thread listens and answers questions
about properties at once.  When the server goes away so does this process.
"""
import builtins
import importlib.machinery
import json
import logging
import os
import pickle
import queue
import signal
import socket
import struct
import sys
import threading
import traceback
import types

from fail2ban.helpers import getLogger
from fail2ban.server.actions import ActionBase, Actions
from fail2ban.server.jail import Jail

MESSAGE_MAX = 16 * 1024 * 1024
DEPTH_MAX = 32


def plain(value, depth=0):
    """The value as the other side can read it: what is no plain value becomes its text."""
    if value is None or type(value) in (bool, int, float, str, bytes):
        return value
    if depth < DEPTH_MAX:
        if isinstance(value, dict):
            return {plain_key(k): plain(v, depth + 1) for k, v in value.items()}
        if isinstance(value, tuple):
            return tuple(plain(v, depth + 1) for v in value)
        if isinstance(value, list):
            return [plain(v, depth + 1) for v in value]
        if isinstance(value, (set, frozenset)):
            return set(plain_key(v) for v in value)
    for base in (bool, int, float):
        if isinstance(value, base):
            return base(value)
    return str(value)


def plain_key(key):
    return key if key is None or type(key) in (bool, int, float, str, bytes) else str(key)


class Channel:
    """The socket: whole messages in both directions; any thread may send."""

    def __init__(self, fd):
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._sending = threading.Lock()

    def send(self, message):
        data = pickle.dumps(message, 4)
        if len(data) > MESSAGE_MAX:
            raise ValueError("a message of %d bytes is too long" % len(data))
        with self._sending:
            self._socket.sendall(struct.pack(">I", len(data)) + data)

    def _read(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(min(size - len(data), 1 << 20))
            if not piece:
                return None
            data += piece
        return bytes(data)

    def receive(self):
        """None: the server is gone."""
        head = self._read(4)
        body = self._read(struct.unpack(">I", head)[0]) if head is not None else None
        return pickle.loads(body) if body is not None else None


class LogToServer(logging.Handler):
    def __init__(self, channel):
        super().__init__()
        self._channel = channel

    def emit(self, record):
        try:
            text = self.format(record)
        except Exception as e:  # arguments that do not fit are the action's mistake, and no reason to fail
            text = "%s (%r: %s)" % (record.msg, record.args, e)
        try:
            self._channel.send(("log", record.levelno, record.name, text[:65536]))
        except OSError:
            pass


class Helper:
    def __init__(self, fd):
        self.channel = Channel(fd)
        self.action = None
        self.work = queue.Queue()
        self.answers = {}
        self.asked = 0
        self.asking = threading.Lock()

    # --- questions to the server -------------------------------------------------------------------------------------

    def ask(self, request, tag, *args):
        """Of the ticket that a request is about; request 0: of the jail."""
        box = queue.Queue(1)
        with self.asking:
            self.asked += 1
            number = self.asked
            self.answers[number] = box
        self.channel.send(("ask", number, request, tag, plain(list(args))))
        ok, value = box.get()
        if not ok:
            raise LookupError(value)
        return value

    # --- the action ------------------------------------------------------------------------------------------------------

    @staticmethod
    def load(path):
        name = os.path.splitext(os.path.basename(path))[0]
        loader = importlib.machinery.SourceFileLoader(name, path)
        module = types.ModuleType(name)
        module.__file__ = path
        loader.exec_module(module)
        if not hasattr(module, "Action"):
            raise RuntimeError("%s module does not have 'Action' class" % path)
        if not issubclass(module.Action, ActionBase):
            raise RuntimeError("%s module %s does not implement required methods" % (path, module.Action.__name__))
        return module.Action

    def create(self, jail, name, path, options):
        self.action = self.load(path)(Jail(jail, lambda *question: self.ask(0, *question)), name, **options)

    def traits(self):
        """What the server has to know beforehand to decide who takes part in what."""
        action = self.action
        if action is None:
            return {}

        def truth(name, default=False):
            try:
                return bool(getattr(action, name, default))
            except Exception:
                return True  # then using it will say what is wrong

        return {
            "norestored": truth("norestored"),
            "prolongs": truth("_prolongable", True),
            "flushes": hasattr(action, "flush") and truth("actionflush", True),
            "reloads": hasattr(action, "reload"),
            "clears": hasattr(action, "clearAllParams"),
            "checks": hasattr(action, "consistencyCheck"),
        }

    def run(self, number, method, values):
        action = self.action
        if values is None:
            return getattr(action, method)()
        info = Actions.ActionInfo(values, lambda tag: self.ask(number, tag))
        if method == "prolong" and not action._prolongable:
            return None
        return getattr(action, method)(info)

    def set(self, pairs, wanted):
        """As the command does: what can be called is called.  Says also which names were properties."""
        result, names = None, []
        for pair in pairs:
            name = pair[0]
            if callable(getattr(self.action, name, None)):
                result = getattr(self.action, name)(**(json.loads(pair[1]) if len(pair) > 1 else {}))
            else:
                setattr(self.action, name, pair[1])
                result = getattr(self.action, name) if wanted else None
                names.append(name)
        return result, names

    def names(self, methods):
        action = self.action
        return [key for key in dir(action)
                if not key.startswith("_") and callable(getattr(action, key)) == methods]

    # --- requests --------------------------------------------------------------------------------------------------------

    def answer(self, number, function, *args):
        try:
            if self.action is None and function != self.create:
                raise RuntimeError("the action could not be made")
            value = plain(function(*args))
            reply = ("reply", number, True, value, self.traits())
        except (Exception, SystemExit) as e:
            reply = ("reply", number, False, self.describe(e), self.traits())
        try:
            self.channel.send(reply)
        except ValueError as e:
            self.channel.send(("reply", number, False, ("ValueError", (str(e),), str(e), ""), {}))

    @staticmethod
    def describe(error):
        name = type(error).__name__
        args = tuple(getattr(error, "args", ()))
        if isinstance(error, OSError) and error.filename is not None:
            args += (error.filename,)
        known = getattr(builtins, name, None) is type(error) and all(
            type(a) in (bool, int, float, str, type(None)) for a in args)
        try:
            text = str(error)
        except Exception:
            text = name
        if isinstance(error, SystemExit):
            text = "the action called exit (%s)" % text
            name, args, known = "RuntimeError", (text,), True
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip("\n")
        return (name, plain(args), text, trace) if known else ("Exception", (text,), text, trace)

    def worker(self):
        while True:
            number, function, args = self.work.get()
            try:
                self.channel.send(("began", number))
                self.answer(number, function, *args)
            except OSError:
                os._exit(0)

    def has_method(self, pairs):
        return any(callable(getattr(self.action, pair[0], None)) for pair in pairs)

    def dispatch(self, verb, number, *args):
        if verb == "answer":
            box = self.answers.pop(number, None)
            if box is not None:
                box.put(args)
        elif verb == "level":
            logging.getLogger().setLevel(number)
        elif verb == "create":
            self.work.put((number, self.create, args))
        elif verb == "run":
            self.work.put((number, self.run, (number,) + args))
        elif verb == "call":
            self.work.put((number, lambda name, kwargs: getattr(self.action, name)(**kwargs), args))
        elif verb == "set" and (self.action is None or self.has_method(args[0])):
            self.work.put((number, self.set, args))
        elif verb == "set":
            self.answer(number, self.set, *args)
        elif self.action is None:  # it is being made
            self.work.put((number, self.question(verb), args))
        else:
            self.answer(number, self.question(verb), *args)

    def question(self, verb):
        return {
            # "driver" is not Python's: how bans get into effect, which the server knows of its own actions
            "get": lambda name: getattr(self.action, name, "python") if name == "driver" else getattr(self.action, name),
            "properties": lambda: self.names(False),
            "methods": lambda: self.names(True),
        }[verb]

    def serve(self):
        threading.Thread(target=self.worker, daemon=True).start()
        while True:
            message = self.channel.receive()
            if message is None:
                return
            self.dispatch(*message)


def main():
    try:
        os.setsid()  # what the action starts can be ended with it
    except OSError:
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # nothing appears beside the user's files
    fd = int(sys.argv[1])
    os.set_inheritable(fd, False)
    sys.argv = ["fail2ban-server"]
    helper = Helper(fd)
    root = logging.getLogger()
    root.addHandler(LogToServer(helper.channel))
    root.setLevel(logging.INFO)
    threading.excepthook = lambda args: getLogger("fail2ban").critical(
        "unhandled exception in a thread of the action: %s", args.exc_value)
    try:
        helper.serve()
    except OSError:
        pass
    os._exit(0)


main()
