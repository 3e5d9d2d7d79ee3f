"""Sends a mail for each ban."""
import smtplib
import socket
from email.message import EmailMessage

from fail2ban.server.actions import ActionBase, CallingMap


class Mail(ActionBase):
    def __init__(self, jail, name, port="25"):
        super().__init__(jail, name)
        self.port = port
        self.values = CallingMap(jail=jail.name, host=socket.gethostname, span=lambda: self._jail.actions.getBanTime())
        self.norestored = 1

    def ban(self, aInfo):
        if aInfo.get("restored"):
            return
        aInfo.update(self.values)
        message = EmailMessage()
        message["Subject"] = "%(jail)s: %(ip)s" % aInfo
        message["From"] = "fail2ban@example.test"
        message["To"] = "root@example.test"
        message.set_content("%(ip)s for %(span)i seconds\n%(matches)s\n" % aInfo)
        with smtplib.SMTP("127.0.0.1", int(self.port), timeout=5) as smtp:
            smtp.send_message(message)
        self._logSys.notice("mail about %s is on its way", aInfo["ip"])


Action = Mail
