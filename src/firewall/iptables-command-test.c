#include "firewall/iptables-command.h"

#include <string.h>

static IptablesCommand *
parse (const char *text)
{
  g_auto (GStrv) argv = NULL;

  g_assert_true (g_shell_parse_argv (text, NULL, &argv, NULL));
  return iptables_command_parse ((const char *const *) argv);
}

static void
accepts (int line, const char *text, const char *restore_line)
{
  g_autoptr (IptablesCommand) command = parse (text);

  if (command == NULL)
    g_error ("line %d: not understood: %s", line, text);
  if (g_strcmp0 (command->restore_line, restore_line) != 0)
    g_error ("line %d: %s restores as %s", line, text, command->restore_line);
}
#define ACCEPTS(...) accepts (__LINE__, __VA_ARGS__)

static void
refuses (int line, const char *text)
{
  g_autoptr (IptablesCommand) command = parse (text);

  if (command != NULL)
    g_error ("line %d: understood: %s", line, text);
}
#define REFUSES(...) refuses (__LINE__, __VA_ARGS__)

static void
test_bans_are_understood (void)
{
  ACCEPTS ("iptables -w -I f2b-sshd 1 -s 192.0.2.1 -j REJECT --reject-with icmp-port-unreachable",
           "-I f2b-sshd 1 -s 192.0.2.1 -j REJECT --reject-with icmp-port-unreachable");
  ACCEPTS ("ip6tables -w -I f2b-sshd 1 -s 2001:db8::1 -j REJECT --reject-with icmp6-port-unreachable",
           "-I f2b-sshd 1 -s 2001:db8::1 -j REJECT --reject-with icmp6-port-unreachable");
  ACCEPTS ("/sbin/iptables -w 5 -D fail2ban-ssh -s 192.0.2.0/24 -j DROP", "-D fail2ban-ssh -s 192.0.2.0/24 -j DROP");
  ACCEPTS ("iptables --wait --append f2b -d 10.0.0.0/255.0.0.0 -i eth+ -j other",
           "--append f2b -d 10.0.0.0/255.0.0.0 -i eth+ -j other");
  ACCEPTS ("iptables -t nat --wait=3 -A f2b -p tcp --dport 22 -j RETURN", "-A f2b -p tcp --dport 22 -j RETURN");
  ACCEPTS ("iptables -I INPUT -w -p tcp -m multiport --dports 80,443,1000:2000 -j f2b-web",
           "-I INPUT -p tcp -m multiport --dports 80,443,1000:2000 -j f2b-web");
  ACCEPTS ("iptables -w -A f2b ! -s 10.0.0.1 -m comment --comment 'by me, 1' -j DROP",
           "-A f2b ! -s 10.0.0.1 -m comment --comment \"by me, 1\" -j DROP");
  ACCEPTS ("iptables -w -A f2b -m conntrack --ctstate NEW,INVALID -j DROP",
           "-A f2b -m conntrack --ctstate NEW,INVALID -j DROP");
  ACCEPTS ("iptables -I fail2ban-ssh 1 -s 192.0.2.1 -j DROP", "-I fail2ban-ssh 1 -s 192.0.2.1 -j DROP");
  ACCEPTS ("iptables -w -F f2b-sshd", "-F f2b-sshd");
  ACCEPTS ("iptables -w -C f2b-sshd -j RETURN", NULL);
  ACCEPTS ("iptables -w -N f2b-sshd", NULL);
  ACCEPTS ("iptables -w -X f2b-sshd", NULL);
}

static void
test_values_are_as_the_kernel_wants_them (void)
{
  g_autoptr (IptablesCommand) command
      = parse ("iptables -w -I f2b 3 -s 192.0.2.77/24 ! -p tcp -j REJECT --reject-with icmp-host-prohibited");

  g_assert_nonnull (command);
  g_assert_cmpuint (command->number, ==, 3);
  g_assert_cmpmem (command->rule.source.bytes, 4, "\300\000\002\000", 4);
  g_assert_cmpmem (command->rule.source.mask, 4, "\377\377\377\000", 4);
  g_assert_true (command->rule.protocol_inverted);
  g_assert_cmpint (command->rule.reject_with, ==, 6); /* IPT_ICMP_HOST_PROHIBITED */
  g_assert_cmpint (command->wait_sec, ==, -1);
}

static void
test_what_is_not_certain_is_refused (void)
{
  static const char *const texts[] = {
    "iptables -w -I f2b 1 -s host.example -j DROP",        /* a name */
    "iptables -w -I f2b 1 -s 192.0.2.1,192.0.2.2 -j DROP", /* two rules */
    "iptables -w -I f2b 1 -s 192.0.2 -j DROP",             /* old style address */
    "iptables -w -I f2b 1 -s 2001:db8::1 -j DROP",
    "ip6tables -w -I f2b 1 -s 192.0.2.1 -j DROP",
    "iptables -w -I f2b 1 -s 192.0.2.1/33 -j DROP",
    "iptables -w -I f2b 1 -s 192.0.2.1/08 -j DROP",
    "iptables -w -I f2b 1 -s 192.0.2.1 -s 192.0.2.2 -j DROP",
    "iptables -w -I f2b 0 -s 192.0.2.1 -j DROP",
    "iptables -w -I f2b x -s 192.0.2.1 -j DROP",
    "iptables -w -D f2b 1",
    "iptables -w -I f2b 1 -s 192.0.2.1",                       /* no target */
    "iptables -w -I f2b 1 -s 192.0.2.1 -j LOG --log-prefix x", /* an extension we do not know the data of */
    "iptables -w -I f2b 1 -s 192.0.2.1 -j DROP --reject-with icmp-port-unreachable",
    "iptables -w -I f2b 1 -s 192.0.2.1 -j REJECT --reject-with icmp6-port-unreachable",
    "iptables -w -I f2b 1 -s 192.0.2.1 -j REJECT --reject-with port",
    "iptables -w -I f2b 1 -s 192.0.2.1 -g other",
    "iptables -w -I f2b 1 -p tcp --dport ssh -j DROP", /* /etc/services */
    "iptables -w -I f2b 1 -p icmp --dport 22 -j DROP",
    "iptables -w -I f2b 1 --dport 22 -j DROP",
    "iptables -w -I f2b 1 -p tcp --dports 22 -j DROP",
    "iptables -w -I f2b 1 -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j DROP",
    "iptables -w -I f2b 1 -m multiport --dports 22 -j DROP",
    "iptables -w -I f2b 1 -p tcp -m multiport -j DROP",
    "iptables -w -I f2b 1 -m recent --name x -j DROP",
    "iptables -w -I f2b 1 -m tcp -j DROP",
    "iptables -w -I f2b 1 ! -j DROP",
    "iptables -w -I f2b 1 -s 192.0.2.1 -j DROP !",
    "iptables -w -I f2b 1 ! -s 0.0.0.0/0 -j DROP",
    "iptables -w -I OUTPUT 1 -i eth0 -j DROP",
    "iptables -w -I INPUT 1 -o eth0 -j DROP",
    "iptables -w -I abcdefghijklmnopqrstuvwxyz0123 1 -j DROP", /* 30 letters */
    "iptables -w -I -x 1 -j DROP",
    "iptables -w -A f2b -D f2b -j DROP",
    "iptables -w -F",
    "iptables -w -F f2b -s 192.0.2.1",
    "iptables -w -L f2b",
    "iptables -w -P INPUT DROP",
    "iptables -w -t weird -F f2b",
    "iptables -w -W 100 -F f2b",
    "iptables -w x -F f2b",
    "iptables -w",
    "iptables",
    "ebtables -w -F f2b",
    "sudo iptables -w -F f2b",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    REFUSES (texts[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/iptables-command/bans are understood", test_bans_are_understood);
  g_test_add_func ("/iptables-command/values are as the kernel wants them", test_values_are_as_the_kernel_wants_them);
  g_test_add_func ("/iptables-command/what is not certain is refused", test_what_is_not_certain_is_refused);
  return g_test_run ();
}
