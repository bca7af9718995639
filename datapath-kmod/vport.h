/* SPDX-License-Identifier: GPL-2.0 */
/* A port of a datapath: a network device, the datapath's own devices (internal), or a tunnel device
 * that the module makes.
 *
 * Lifetime: made and removed under RTNL; found under RCU through dp->ports or dev->rx_handler_data;
 * freed after a grace period. Removal is unlink (no new packet finds it), synchronize, free.
 */
#ifndef TN_VPORT_H
#define TN_VPORT_H

#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>

struct tn_dp;
struct tn_port;

/* What a port is asked to be. @options points into the request (OVS_VPORT_ATTR_OPTIONS) or is NULL. */
struct tn_port_parms {
	const char *name;
	u32 type;			/* enum ovs_vport_type */
	u32 port_no;
	u32 ifindex;			/* wanted index of a new internal device; 0: any */
	const struct nlattr *options;
	const struct nlattr *upcall_pids;	/* array of u32, or NULL */
	struct netlink_ext_ack *extack;
};

struct tn_port_ops {
	u32 type;
	/* Fills port->dev (with a reference). RTNL. -errno with extack. */
	int (*create)(struct tn_port *port, const struct tn_port_parms *parms);
	/* Starts delivering packets: the port can be found. RTNL. */
	int (*attach)(struct tn_port *port, struct netlink_ext_ack *extack);
	/* No packet arrives any more once a grace period is over. RTNL. */
	void (*detach)(struct tn_port *port);
	/* Deletes or lets go of the device. RTNL, after the grace period where it sleeps. */
	void (*destroy)(struct tn_port *port);
	int (*set_options)(struct tn_port *port, const struct nlattr *options,
			   struct netlink_ext_ack *extack);	/* RTNL; may be NULL */
	int (*get_options)(const struct tn_port *port, struct sk_buff *msg);	/* RCU; may be NULL */
};

/* The sockets that get the misses of a port, see upcall.h. */
struct tn_pids {
	struct rcu_head rcu;
	u32 n;
	u32 pid[];
};

struct tn_port {
	struct rcu_head rcu;
	struct tn_dp *dp;		/* fixed */
	struct net_device *dev;		/* with a reference; fixed */
	netdevice_tracker dev_tracker;
	const struct tn_port_ops *ops;	/* fixed */
	u32 port_no;			/* fixed */
	struct tn_pids __rcu *pids;	/* RTNL */
	bool upper;			/* linked below the local port's device; RTNL */
	u16 tnl_port;			/* host order: UDP port of VXLAN and Geneve */
	u32 exts;			/* VXLAN extensions: BIT(OVS_VXLAN_EXT_*) */
};

extern const struct tn_port_ops tn_netdev_ops, tn_internal_ops, tn_vxlan_ops, tn_geneve_ops, tn_gre_ops;

/* Adds a port to @dp and publishes it. RTNL. The port or ERR_PTR. */
struct tn_port *tn_port_add(struct tn_dp *dp, const struct tn_port_parms *parms);
/* Takes it away and frees it after a grace period. RTNL. */
void tn_port_del(struct tn_port *port);

/* The port of a device that has one, else NULL. RTNL or RCU. */
struct tn_port *tn_port_of_dev(const struct net_device *dev);
struct tn_port *tn_internal_port(const struct net_device *dev);
bool tn_is_internal_dev(const struct net_device *dev);
/* The host receives @skb on its device, which is one of the module's. Consumes @skb. BH off, RCU read side. */
void tn_internal_deliver(struct sk_buff *skb);

int tn_port_set_pids(struct tn_port *port, const struct nlattr *pids,
		     struct netlink_ext_ack *extack);	/* RTNL */
void tn_port_stats(const struct tn_port *port, struct ovs_vport_stats *stats);	/* RTNL or RCU */

/* A packet has arrived at @port by @tun (NULL: none). Consumes @skb. Softirq or BH off, RCU read side.
 * skb->data at the MAC header, or at layer 3 for devices without one.
 */
void tn_port_receive(struct tn_port *port, struct sk_buff *skb, const struct ip_tunnel_info *tun);

/* Sends @skb out of @port: checks the MTU (GSO packets excepted), fits the mac header to the
 * device, clears what must not leave. Consumes @skb; drops are counted at the device.
 * BH off, RCU read side. skb->data at the MAC header. @mac_proto is tn_key_mac_proto().
 */
void tn_port_send(struct tn_port *port, struct sk_buff *skb, u8 mac_proto);

/* The header room that sending from this port needs in front of a packet. RTNL. */
unsigned int tn_port_headroom(const struct tn_port *port);

/* Loads the module that makes devices of this type, where it is not there yet. May sleep; no lock held
 * (the modules take RTNL when they start).
 */
void tn_port_load(u32 type);

/* Delivery of a device's packets to its port, shared by vport_netdev.c and vport_tunnel.c. RTNL. */
int tn_netdev_attach(struct tn_port *port, struct netlink_ext_ack *extack);
void tn_netdev_detach(struct tn_port *port);
void tn_netdev_destroy(struct tn_port *port);

/* Module init and exit: device notifier; link kind of internal devices. */
int tn_port_init(void);
void tn_port_exit(void);
int tn_internal_init(void);
void tn_internal_exit(void);

#endif
