"""The simulated internet: one process that is everything a package can reach, records it, lets nothing out.

    python -m biopsy.sandbox.internet SPEC.json

What whoever starts it (the cell) must do, and all it must do:

1. `authority.make(R)` once, before the image's layer is closed: writes `R/ca.pem` (put it into the sandbox's
   trust store) and `R/ca.key` (0600; never enters the sandbox).
2. Make two network namespaces and a veth pair, one end in each. The *internet's* end stays as made: no
   address, no route, it may be down. The *sandbox's* end gets its addresses and the default routes:

       ip -n SANDBOX addr add PEER4/24 dev X           e.g. 192.168.1.37/24
       ip -n SANDBOX -6 addr add PEER6/128 dev X nodad e.g. fd12:3456:789a::25/128 (as DHCPv6 gives them)
       ip -n SANDBOX link set X up
       ip -n SANDBOX route add default via GATEWAY4    e.g. 192.168.1.1
       ip -n SANDBOX -6 route add GATEWAY6/128 dev X && ip -n SANDBOX -6 route add default via GATEWAY6

   The name server may be any address at all (GATEWAY4 is the plausible one): every address answers DNS.
3. Plant `served.canaries(seed)` too: the credentials that the metadata service hands out belong both into
   `Spec.canaries` and into `Raw.canaries`. `spec.write(Spec(...), R / "internet.json")`, then start the
   command above *inside the internet's namespace* (root there; `ip` and `nft` on the PATH), with a pipe on
   standard input and one on standard output. After about 0.35 s of work it prints `ready`. Everything else it
   does by itself: loopback, the gateway's addresses, AnyIP routes, TPROXY rules. It refuses to start in a
   namespace that has any other interface that is up.
4. Say on its standard input, a line each, which phase begins: `phase install gateway` where the phase has
   `installs=True` (the registry gateway is open until the next line), else `phase import`. Each line is
   echoed on standard output once it holds; wait for that before starting the phase.
5. End it with SIGTERM or by closing its standard input: what is still open is recorded, then it exits 0 in
   at most two seconds. `R/said.jsonl` holds a `raw.Said` per line, `R/said.count.json` a `record.Count`
   (`dropped` belongs into `Raw.said_dropped`). What it has to complain about goes to standard error.
6. In the parent, on the host's network: `with gateway.serve(spec.gateway, forward, endpoints, canaries):`
   around the life of the cell answers the registry gateway's fetches.

How it answers: every TCP port and UDP port of every IPv4 and IPv6 address (link-local 169.254.169.254 too),
ICMP echo (recorded as protocol `icmp`), multicast look-ups of neighbours, DNS of every type. Every name
exists, each with its own address; there is no NXDOMAIN. A package could notice that by asking for a nonsense
name; a name that does not answer would hide what the package says to it. Neighbours in the sandbox's own IPv4
subnet answer as well; in IPv6 everything is behind the gateway.

Bytes handed out where a second stage may be expected are inert and tagged (`tag`): their execution shows as
a look-up that no one could have made without running them, and that exchange carries `ran`.
"""
