"""What OpenFlow says of a tunnel's metadata, between two switches in two namespaces."""
from switch_lab import run
from traffic import OPENFLOW, with_switch
from tunnels import far_switch


@with_switch
def a_geneve_option_arrives(s):
    far = far_switch(s, "geneve", ("options:key=flow",))
    try:
        for switch in (s, far):
            switch.vsctl("set", "bridge", "br0", OPENFLOW)
            switch.ofctl("add-tlv-map", "br0", "{class=0xffff,type=1,len=4}->tun_metadata0")
        a, b = s.host("a", "10.1.1.1/24", "br0"), far.host("b", "10.1.1.2/24", "br0")
        port = s.get("Interface", "v-a", "ofport"), far.get("Interface", "v-b", "ofport")
        tun = s.get("Interface", "tun0", "ofport"), far.get("Interface", "tun0", "ofport")
        send = "set_field:42->tun_id,set_field:0x12345678->tun_metadata0"
        for switch, host, out in ((s, port[0], tun[0]), (far, port[1], tun[1])):
            switch.ofctl("del-flows", "br0")
            switch.ofctl("add-flow", "br0", f"in_port={host},actions={send},output:{out}")
            switch.ofctl("add-flow", "br0", f"in_port={out},tun_id=42,tun_metadata0=0x12345678,actions=output:{host}")
        s.pings(a, "10.1.1.2")
        s.pings(b, "10.1.1.1")
    finally:
        far.vsctl("del-br", "br0", check=False)
        far.close()
        run("ip", "-n", s.ns, "link", "del", "wire", check=False)
