"""The part of the fail2ban package that actions and helper scripts of users import.

Names and behaviour are those of fail2ban 1.1; everything behind them is the server's, which is no Python program.
"""
import logging

logging.HEAVYDEBUG = 5
logging.TRACEDEBUG = 7
logging.MSG = logging.INFO - 2
logging.NOTICE = logging.INFO + 5

for _level, _name in (
    (logging.HEAVYDEBUG, "HEAVY"), (logging.TRACEDEBUG, "TRACE"), (logging.MSG, "MSG"), (logging.NOTICE, "NOTICE"),
):
    logging.addLevelName(_level, _name)


def _method(level):
    def write(self, message, *args, **kwargs):
        if self.isEnabledFor(level):
            self._log(level, message, args, **kwargs)
    return write


logging.Logger.notice = _method(logging.NOTICE)
logging.Logger.msg = _method(logging.MSG)
logging.Logger.tracedebug = _method(logging.TRACEDEBUG)
logging.Logger.heavydebug = _method(logging.HEAVYDEBUG)
