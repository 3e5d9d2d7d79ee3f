/* version.h - the version that we are compatible with, as the reference names it: fail2ban_version in the configuration, -V */
#pragma once

#define FAIL2BAN_VERSION "1.1.2.dev1"
