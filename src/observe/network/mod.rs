//! Network: the two conversations, with a router and with a DHCPv6 server.
