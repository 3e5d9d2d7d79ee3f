"""A command action with something added: its commands see the ticket's text, and never as part of a script."""
from fail2ban.server.action import CommandAction


class Commands(CommandAction):
    def __init__(self, jail, name, prefix="p"):
        super().__init__(jail, name)
        self.prefix = prefix
        self.actionstart = 'echo "<prefix> start" >> "$OUT"'
        self.actionban = 'printf "%s %s\\n" "<prefix>" "<matches>" >> "$OUT"'
        self.actionunban = 'echo "<prefix> unban <ip>" >> "$OUT"; exit 3'
        self.actionflush = ""


Action = Commands
