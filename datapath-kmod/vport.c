// SPDX-License-Identifier: GPL-2.0
/* Ports: adding, removing, receiving, sending; and devices that go away. */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/kmod.h>
#include <linux/rtnetlink.h>
#include <net/dst_metadata.h>

#include "datapath.h"
#include "nl.h"
#include "vport.h"

static const struct tn_port_ops *const types[] = {
	&tn_netdev_ops, &tn_internal_ops, &tn_gre_ops, &tn_vxlan_ops, &tn_geneve_ops,
};

static const struct tn_port_ops *find_ops(u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i]->type == type)
			return types[i];
	return NULL;
}

void tn_port_load(u32 type)
{
	if (type == OVS_VPORT_TYPE_VXLAN)
		request_module("vxlan");
	else if (type == OVS_VPORT_TYPE_GENEVE)
		request_module("geneve");
	else if (type == OVS_VPORT_TYPE_GRE)
		request_module("ip_gre");
}

int tn_port_set_pids(struct tn_port *port, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct tn_pids *pids = NULL, *old = rtnl_dereference(port->pids);
	u32 n = attr ? nla_len(attr) / sizeof(u32) : 0;

	if (attr && (!n || nla_len(attr) % sizeof(u32)))
		return FAIL(extack, attr, "OVS_VPORT_ATTR_UPCALL_PID is not an array of u32");
	if (n) {
		pids = kmalloc(struct_size(pids, pid, n), GFP_KERNEL_ACCOUNT);
		if (!pids)
			return -ENOMEM;
		pids->n = n;
		nla_memcpy(pids->pid, attr, n * sizeof(u32));
	}
	rcu_assign_pointer(port->pids, pids);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

struct tn_port *tn_port_add(struct tn_dp *dp, const struct tn_port_parms *parms)
{
	const struct tn_port_ops *ops = find_ops(parms->type);
	struct tn_port *port;
	int err;

	ASSERT_RTNL();
	if (!ops)
		return ERR_PTR(FAIL_AS(-EAFNOSUPPORT, parms->extack, NULL,
				       "OVS_VPORT_ATTR_TYPE names no type of this module"));
	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		return ERR_PTR(-ENOMEM);
	port->dp = dp;
	port->ops = ops;
	port->port_no = parms->port_no;
	err = tn_port_set_pids(port, parms->upcall_pids, parms->extack);
	if (err)
		goto free;
	err = ops->create(port, parms);
	if (err)
		goto free_pids;
	err = tn_dp_link_port(dp, port);
	if (err)
		goto destroy;
	err = ops->attach(port, parms->extack);
	if (err)
		goto unlink;
	tn_dp_update_headroom(dp);
	return port;

unlink:
	tn_dp_unlink_port(dp, port);
	synchronize_net();
destroy:
	ops->destroy(port);
free_pids:
	kfree(rtnl_dereference(port->pids));
free:
	kfree(port);
	return ERR_PTR(err);
}

void tn_port_del(struct tn_port *port)
{
	struct tn_dp *dp = port->dp;

	ASSERT_RTNL();
	port->ops->detach(port);
	tn_dp_unlink_port(dp, port);
	synchronize_net();
	port->ops->destroy(port);
	kfree(rtnl_dereference(port->pids));
	kfree(port);
	tn_dp_update_headroom(dp);
}

void tn_port_stats(const struct tn_port *port, struct ovs_vport_stats *stats)
{
	struct rtnl_link_stats64 s;

	dev_get_stats(port->dev, &s);
	*stats = (struct ovs_vport_stats) {
		.rx_packets = s.rx_packets, .tx_packets = s.tx_packets,
		.rx_bytes = s.rx_bytes, .tx_bytes = s.tx_bytes,
		.rx_errors = s.rx_errors, .tx_errors = s.tx_errors,
		.rx_dropped = s.rx_dropped, .tx_dropped = s.tx_dropped,
	};
}

unsigned int tn_port_headroom(const struct tn_port *port)
{
	return netdev_get_fwd_headroom(port->dev);
}

void tn_port_receive(struct tn_port *port, struct sk_buff *skb, const struct ip_tunnel_info *tun)
{
	struct tn_dp *dp = port->dp;
	struct tn_key key TN_UNINITIALIZED;

	tn_cb(skb)->in_port = port;
	tn_cb(skb)->mru = 0;
	tn_cb(skb)->cutlen = 0;
	if (unlikely(!net_eq(dev_net(skb->dev), dp->net))) {
		u32 mark = skb->mark;	/* flows may match what the sender's namespace set */

		skb_scrub_packet(skb, true);
		skb->mark = mark;
		tun = NULL;
	}
	if (unlikely(tn_key_extract(tun, skb, &key))) {
		tn_drop(skb, TN_DROP_EXTRACT);
		return;
	}
	tn_dp_process(dp, skb, &key);
}

/* Whether @skb is too long for @dev; a tag that is not in the metadata does not count, as on any VLAN port. */
static bool over_mtu(const struct sk_buff *skb, const struct net_device *dev)
{
	unsigned int most = READ_ONCE(dev->mtu) + dev->hard_header_len;

	if (likely(skb->len <= most) || skb_is_gso(skb))
		return false;
	return skb->len > most + VLAN_HLEN || skb_vlan_tag_present(skb) || !eth_type_vlan(skb->protocol);
}

void tn_port_send(struct tn_port *port, struct sk_buff *skb, u8 mac_proto)
{
	struct net_device *dev = port->dev;

	if (likely(dev->type == ARPHRD_ETHER)) {
		if (unlikely(mac_proto != TN_MAC_ETHERNET))
			goto drop;
	} else if (mac_proto == TN_MAC_ETHERNET) {	/* ARPHRD_NONE: the frame is the payload */
		skb_reset_network_header(skb);
		skb_reset_mac_len(skb);
		skb->protocol = htons(ETH_P_TEB);
	}
	if (unlikely(over_mtu(skb, dev))) {
		net_dbg_ratelimited("%s: dropped over-mtu packet: %d > %d\n", dev->name,
				    skb->len - dev->hard_header_len, dev->mtu);
		dev->stats.tx_errors++;
		tn_drop(skb, TN_DROP_MTU);
		return;
	}
	skb->dev = dev;
	skb_clear_tstamp(skb);
	if (unlikely(port->ops == &tn_internal_ops))
		tn_internal_deliver(skb);
	else
		dev_queue_xmit(skb);
	return;

drop:
	dev->stats.tx_errors++;
	tn_drop(skb, TN_DROP_DEVICE);
}

struct tn_port *tn_port_of_dev(const struct net_device *dev)
{
	if (tn_is_internal_dev(dev))
		return tn_internal_port(dev);
	return netif_is_ovs_port(dev) ? rcu_dereference_rtnl(dev->rx_handler_data) : NULL;
}

/* Device notifier; RTNL. A device that goes (or leaves for another namespace) takes its port with it; an
 * internal device that leaves stays a port, and the local one takes the datapath.
 */
static int device_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct tn_port *port;
	struct sk_buff *msg;
	struct net *net;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	if (tn_is_internal_dev(dev) && dev->reg_state == NETREG_REGISTERED)
		return NOTIFY_DONE;
	port = tn_port_of_dev(dev);
	if (!port)
		return NOTIFY_DONE;
	net = port->dp->net;
	msg = tn_vport_gone(port);
	if (port->port_no == OVSP_LOCAL)
		tn_dp_destroy(port->dp);
	else
		tn_port_del(port);
	tn_vport_announce(net, msg);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = { .notifier_call = device_event };

int tn_port_init(void)
{
	return register_netdevice_notifier(&device_notifier);
}

void tn_port_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
