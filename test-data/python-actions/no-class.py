from fail2ban.server.actions import ActionBase
