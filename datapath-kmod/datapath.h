/* SPDX-License-Identifier: GPL-2.0 */
/* A datapath: ports, flow table, meters, counters; and the state of a network namespace.
 *
 * Locks, outermost first:
 *   RTNL		datapaths of a namespace, ports of a datapath, settings of both
 *   dp->lock		flows, masks, meters of one datapath
 *   RCU		everything that packets read
 * A datapath is found under RTNL or RCU; whoever keeps it beyond holds a reference. dp->dead is set
 * under both locks before its parts are taken down; tn_dp_lock() checks it.
 */
#ifndef TN_DATAPATH_H
#define TN_DATAPATH_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "flow_table.h"
#include "vport.h"

struct tn_meters;
struct tn_ct_limits;

struct tn_dp_stats {
	u64 n_hit, n_missed, n_lost, n_mask_hit, n_cache_hit;
	struct u64_stats_sync syncp;
};

struct tn_ports {
	struct rcu_head rcu;
	u32 n;				/* slots */
	struct tn_port __rcu *port[];	/* by number */
};

struct tn_dp {
	/* read by packets */
	struct tn_ports __rcu *ports;	/* RTNL; grows */
	struct tn_table table;		/* see flow_table.h */
	struct tn_dp_stats __percpu *stats;
	u32 user_features;		/* OVS_DP_F_*; RTNL */
	struct tn_pids __rcu *cpu_pids;	/* OVS_DP_ATTR_PER_CPU_PIDS; RTNL */
	struct tn_meters *meters;	/* meter.h; fixed */
	struct net *net;		/* fixed; outlives the datapath */
	/* control */
	struct mutex lock;
	bool dead;			/* RTNL and lock */
	u32 n_ports;			/* RTNL */
	refcount_t refs;
	struct list_head node;		/* tn_net.dps; RTNL and RCU */
	struct delayed_work rebalance;
	struct rcu_head rcu;
};

struct tn_net {
	struct list_head dps;		/* RTNL; RCU readers */
	struct tn_ct_limits *ct_limits;	/* conntrack.h; fixed */
};

extern unsigned int tn_net_id;

static inline struct tn_net *tn_net(struct net *net)
{
	return net_generic(net, tn_net_id);
}

/* What the module keeps in skb->cb while it has the packet. Code of the kernel that uses cb (IP
 * fragments, GSO) must be given it and have it restored.
 */
struct tn_skb_cb {
	struct tn_port *in_port;	/* NULL: came by OVS_PACKET_CMD_EXECUTE without one */
	u16 mru;			/* largest fragment of a reassembled packet; 0: was none */
	u32 cutlen;			/* bytes that trunc cuts off at the next output */
};

static inline struct tn_skb_cb *tn_cb(const struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct tn_skb_cb) > sizeof_field(struct sk_buff, cb));
	return (struct tn_skb_cb *)skb->cb;
}

/* Why a packet was dropped without being sent anywhere; counted per reason, read from
 * /sys/module/turnout/parameters/drops.
 */
enum tn_drop {
	TN_DROP_EXTRACT,	/* headers cannot be read */
	TN_DROP_UPCALL,		/* a miss that nobody took */
	TN_DROP_NO_PORT,	/* output to a port that is not there */
	TN_DROP_MTU,
	TN_DROP_DEPTH,		/* recursion or recirculation limit, fifo full */
	TN_DROP_ACTION,		/* an action failed: no memory, malformed packet */
	TN_DROP_METER,
	TN_DROP_TTL,		/* dec_ttl reached zero with nothing to do */
	TN_DROP_CT,
	TN_DROP_FRAG,
	TN_DROP_DEVICE,		/* device down or without carrier for us */
	TN_DROP_MAX
};

/* Frees @skb and counts. Softirq or BH off. */
void tn_drop(struct sk_buff *skb, enum tn_drop reason);

/* Hit or miss: executes the actions of the flow that @key matches, or sends the miss up. Consumes
 * @skb. tn_cb(skb) is set. BH off, RCU read side. Recirculation enters here too, with its own key.
 */
void tn_dp_process(struct tn_dp *dp, struct sk_buff *skb, struct tn_key *key);

/* A port by number, or NULL. RCU read side or RTNL. */
static inline struct tn_port *tn_dp_port(const struct tn_dp *dp, u32 port_no)
{
	const struct tn_ports *ports = rcu_dereference_rtnl(dp->ports);

	return port_no < ports->n ? rcu_dereference_rtnl(ports->port[port_no]) : NULL;
}

/* The datapath whose local port has this index, or NULL. RCU read side or RTNL. */
struct tn_dp *tn_dp_find(struct net *net, int dp_ifindex);
/* The datapath that a request names, alive, with a reference and dp->lock; ERR_PTR with extack. May sleep. */
struct tn_dp *tn_dp_lock(struct genl_info *info);
void tn_dp_unlock(struct tn_dp *dp);

/* The index of the local port's device, 0 where it is going. RCU read side or RTNL. */
int tn_dp_ifindex(const struct tn_dp *dp);
const char *tn_dp_name(const struct tn_dp *dp);	/* likewise; "" where it is going */

/* A new datapath with its local port. RTNL. ERR_PTR. */
struct tn_dp *tn_dp_create(struct net *net, struct tn_port_parms *local, u32 user_features);
/* Takes down ports, flows, meters; frees when the last reference goes. RTNL. */
void tn_dp_destroy(struct tn_dp *dp);

void tn_dp_stats_get(const struct tn_dp *dp, struct ovs_dp_stats *stats,
		     struct ovs_dp_megaflow_stats *mega);	/* RTNL or RCU */
int tn_dp_set_features(struct tn_dp *dp, u32 features, struct netlink_ext_ack *extack);	/* RTNL */
int tn_dp_set_cpu_pids(struct tn_dp *dp, const struct nlattr *pids,
		       struct netlink_ext_ack *extack);	/* RTNL */

/* Puts @port into (or takes it out of) dp->ports. RTNL. */
int tn_dp_link_port(struct tn_dp *dp, struct tn_port *port);
void tn_dp_unlink_port(struct tn_dp *dp, struct tn_port *port);
/* The lowest free number from 1, or TN_NO_PORT. RTNL. */
u32 tn_dp_free_port_no(const struct tn_dp *dp);

/* Generic netlink families; each nl_*.c, meter.c, conntrack_limit.c defines its own. */
extern struct genl_family tn_dp_family, tn_vport_family, tn_flow_family, tn_packet_family;
extern struct genl_family tn_meter_family, tn_ct_limit_family;

/* The message that a port is gone, made while it is there, and its sending to OVS_VPORT_MCGROUP once it is not: who hears
 * it may use the number again. NULL, where memory ran out: listeners are told that they missed something. RTNL.
 */
struct sk_buff *tn_vport_gone(const struct tn_port *port);
void tn_vport_announce(struct net *net, struct sk_buff *msg);

/* Tells every port how much room in front of a packet the others need. RTNL. */
void tn_dp_update_headroom(struct tn_dp *dp);

#endif
