// SPDX-License-Identifier: GPL-2.0
/* Datapaths: the decision of hit or miss, counters, ports by number, life. */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/pkt_cls.h>

#include "actions.h"
#include "datapath.h"
#include "meter.h"
#include "nl.h"
#include "upcall.h"

#define REBALANCE_PERIOD	(4 * HZ)
#define KNOWN_FEATURES		(OVS_DP_F_UNALIGNED | OVS_DP_F_VPORT_PIDS | OVS_DP_F_DISPATCH_UPCALL_PER_CPU | \
				 (IS_ENABLED(CONFIG_NET_TC_SKB_EXT) ? OVS_DP_F_TC_RECIRC_SHARING : 0))

/* --- packets ------------------------------------------------------------------------------------ */

static DEFINE_PER_CPU(u64 [TN_DROP_MAX], drops);

static const char *const drop_names[TN_DROP_MAX] = {
	[TN_DROP_EXTRACT] = "malformed_frame",
	[TN_DROP_UPCALL] = "upcall_lost",
	[TN_DROP_NO_PORT] = "no_such_port",
	[TN_DROP_MTU] = "over_mtu",
	[TN_DROP_DEPTH] = "too_deep",
	[TN_DROP_ACTION] = "action_failed",
	[TN_DROP_METER] = "meter",
	[TN_DROP_TTL] = "ttl_expired",
	[TN_DROP_CT] = "conntrack",
	[TN_DROP_FRAG] = "fragmentation",
	[TN_DROP_DEVICE] = "device",
};

void tn_drop(struct sk_buff *skb, enum tn_drop reason)
{
	this_cpu_inc(drops[reason]);
	kfree_skb(skb);
}

/* /sys/module/turnout/parameters/drops: one reason and its count a line. */
static int drops_get(char *buf, const struct kernel_param *kp)
{
	int reason, cpu, at = 0;

	for (reason = 0; reason < TN_DROP_MAX; reason++) {
		u64 n = 0;

		for_each_possible_cpu(cpu)
			n += per_cpu(drops, cpu)[reason];
		at += sysfs_emit_at(buf, at, "%s %llu\n", drop_names[reason], n);
	}
	return at;
}

static const struct kernel_param_ops drops_ops = { .get = drops_get };
module_param_cb(drops, &drops_ops, NULL, 0444);
MODULE_PARM_DESC(drops, "packets dropped by the datapaths, by reason (read only)");

/* Consumes @skb. Context of tn_dp_process(). */
static noinline void miss(struct tn_dp *dp, struct sk_buff *skb, struct tn_key *key)
{
	struct tn_upcall upcall = {
		.cmd = OVS_PACKET_CMD_MISS,
		.mru = tn_cb(skb)->mru,
		.portid = tn_upcall_miss_pid(dp, skb),
	};

	if (tn_upcall_send(dp, skb, key, &upcall, 0))
		tn_drop(skb, TN_DROP_UPCALL);
	else
		consume_skb(skb);
}

void tn_dp_process(struct tn_dp *dp, struct sk_buff *skb, struct tn_key *key)
{
	struct tn_dp_stats *stats = this_cpu_ptr(dp->stats);
	struct tn_hit hit = tn_table_lookup(&dp->table, key);
	struct tn_flow *flow = hit.flow;

	u64_stats_update_begin(&stats->syncp);
	stats->n_mask_hit += hit.n_masks;
	stats->n_cache_hit += hit.cached;
	if (likely(flow))
		stats->n_hit++;
	else
		stats->n_missed++;
	u64_stats_update_end(&stats->syncp);
	if (unlikely(!flow)) {
		miss(dp, skb, key);
		return;
	}
	tn_flow_count(flow, key, skb->len);
	tn_actions_execute(dp, skb, key, rcu_dereference(flow->acts));
}

void tn_dp_stats_get(const struct tn_dp *dp, struct ovs_dp_stats *stats,
		     struct ovs_dp_megaflow_stats *mega)
{
	int cpu;

	memset(stats, 0, sizeof(*stats));
	memset(mega, 0, sizeof(*mega));
	for_each_possible_cpu(cpu) {
		const struct tn_dp_stats *s = per_cpu_ptr(dp->stats, cpu);
		struct tn_dp_stats copy;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			copy = *s;
		} while (u64_stats_fetch_retry(&s->syncp, start));
		stats->n_hit += copy.n_hit;
		stats->n_missed += copy.n_missed;
		stats->n_lost += copy.n_lost;
		mega->n_mask_hit += copy.n_mask_hit;
		mega->n_cache_hit += copy.n_cache_hit;
	}
	stats->n_flows = READ_ONCE(dp->table.n_flows);
	mega->n_masks = tn_table_n_masks(&dp->table);
}

/* --- ports by number ------------------------------------------------------------------------------ */

int tn_dp_link_port(struct tn_dp *dp, struct tn_port *port)
{
	struct tn_ports *ports = rtnl_dereference(dp->ports), *bigger;
	u32 n;

	if (port->port_no >= ports->n) {
		n = roundup_pow_of_two(port->port_no + 1);
		bigger = kvzalloc(struct_size(bigger, port, n), GFP_KERNEL_ACCOUNT);
		if (!bigger)
			return -ENOMEM;
		bigger->n = n;
		memcpy(bigger->port, ports->port, ports->n * sizeof(ports->port[0]));
		rcu_assign_pointer(dp->ports, bigger);
		kvfree_rcu(ports, rcu);
		ports = bigger;
	}
	rcu_assign_pointer(ports->port[port->port_no], port);
	dp->n_ports++;
	return 0;
}

void tn_dp_unlink_port(struct tn_dp *dp, struct tn_port *port)
{
	struct tn_ports *ports = rtnl_dereference(dp->ports);

	RCU_INIT_POINTER(ports->port[port->port_no], NULL);
	dp->n_ports--;
}

u32 tn_dp_free_port_no(const struct tn_dp *dp)
{
	u32 no;

	for (no = 1; no < TN_MAX_PORTS; no++)
		if (!tn_dp_port(dp, no))
			return no;
	return TN_NO_PORT;
}

void tn_dp_update_headroom(struct tn_dp *dp)
{
	const struct tn_ports *ports = rtnl_dereference(dp->ports);
	unsigned int most = 0;
	u32 no;

	for (no = 0; no < ports->n; no++) {
		struct tn_port *port = rtnl_dereference(ports->port[no]);

		if (port)
			most = max(most, tn_port_headroom(port));
	}
	for (no = 0; no < ports->n; no++) {
		struct tn_port *port = rtnl_dereference(ports->port[no]);

		if (port)
			netdev_set_rx_headroom(port->dev, most);
	}
}

/* --- finding and keeping --------------------------------------------------------------------------- */

int tn_dp_ifindex(const struct tn_dp *dp)
{
	const struct tn_port *local = tn_dp_port(dp, OVSP_LOCAL);

	return local ? READ_ONCE(local->dev->ifindex) : 0;
}

const char *tn_dp_name(const struct tn_dp *dp)
{
	const struct tn_port *local = tn_dp_port(dp, OVSP_LOCAL);

	return local ? local->dev->name : "";
}

struct tn_dp *tn_dp_find(struct net *net, int dp_ifindex)
{
	struct tn_dp *dp;

	list_for_each_entry_rcu(dp, &tn_net(net)->dps, node, lockdep_rtnl_is_held())
		if (dp_ifindex && tn_dp_ifindex(dp) == dp_ifindex)
			return dp;
	return NULL;
}

struct tn_dp *tn_dp_lock(struct genl_info *info)
{
	const struct ovs_header *head = info->userhdr;
	struct tn_dp *dp;

	rcu_read_lock();
	dp = tn_dp_find(genl_info_net(info), head->dp_ifindex);
	if (dp && !refcount_inc_not_zero(&dp->refs))
		dp = NULL;
	rcu_read_unlock();
	if (dp) {
		mutex_lock(&dp->lock);
		if (!dp->dead)
			return dp;
		tn_dp_unlock(dp);
	}
	return ERR_PTR(FAIL_AS(-ENODEV, info->extack, NULL, "there is no such datapath"));
}

/* RCU callback. */
static void dp_free_cb(struct rcu_head *rcu)
{
	struct tn_dp *dp = container_of(rcu, struct tn_dp, rcu);

	free_percpu(dp->stats);
	kvfree(rcu_dereference_raw(dp->ports));
	kfree(rcu_dereference_raw(dp->cpu_pids));
	kfree(dp);
}

/* Drops a reference. Any context. */
static void dp_put(struct tn_dp *dp)
{
	if (refcount_dec_and_test(&dp->refs))
		call_rcu(&dp->rcu, dp_free_cb);
}

void tn_dp_unlock(struct tn_dp *dp)
{
	mutex_unlock(&dp->lock);
	dp_put(dp);
}

/* --- settings ---------------------------------------------------------------------------------------- */

int tn_dp_set_features(struct tn_dp *dp, u32 features, struct netlink_ext_ack *extack)
{
	u32 changed = features ^ dp->user_features;

	if (features & ~KNOWN_FEATURES)
		return FAIL_AS(-EOPNOTSUPP, extack, NULL,
			       "OVS_DP_ATTR_USER_FEATURES has bits that this module does not know");
	WRITE_ONCE(dp->user_features, features);
	if (changed & OVS_DP_F_TC_RECIRC_SHARING) {
		if (features & OVS_DP_F_TC_RECIRC_SHARING)
			tc_skb_ext_tc_enable();
		else
			tc_skb_ext_tc_disable();
	}
	return 0;
}

int tn_dp_set_cpu_pids(struct tn_dp *dp, const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct tn_pids *pids, *old = rtnl_dereference(dp->cpu_pids);
	u32 n = nla_len(attr) / sizeof(u32);

	if (!n || nla_len(attr) % sizeof(u32))
		return FAIL(extack, attr, "OVS_DP_ATTR_PER_CPU_PIDS is not an array of u32");
	pids = kmalloc(struct_size(pids, pid, n), GFP_KERNEL_ACCOUNT);
	if (!pids)
		return -ENOMEM;
	pids->n = n;
	nla_memcpy(pids->pid, attr, n * sizeof(u32));
	rcu_assign_pointer(dp->cpu_pids, pids);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/* Worker: the order of the masks. */
static void rebalance(struct work_struct *work)
{
	struct tn_dp *dp = container_of(work, struct tn_dp, rebalance.work);

	mutex_lock(&dp->lock);
	if (!dp->dead) {
		tn_table_rebalance(&dp->table);
		schedule_delayed_work(&dp->rebalance, REBALANCE_PERIOD);
	}
	mutex_unlock(&dp->lock);
}

/* --- life ---------------------------------------------------------------------------------------------- */

/* Everything but the local port. May sleep. */
static struct tn_dp *dp_alloc(struct net *net)
{
	struct tn_dp *dp = kzalloc(sizeof(*dp), GFP_KERNEL_ACCOUNT);
	struct tn_ports *ports;

	if (!dp)
		return NULL;
	dp->net = net;
	mutex_init(&dp->lock);
	refcount_set(&dp->refs, 1);
	INIT_LIST_HEAD(&dp->node);
	INIT_DELAYED_WORK(&dp->rebalance, rebalance);
	ports = kvzalloc(struct_size(ports, port, 16), GFP_KERNEL_ACCOUNT);
	if (!ports)
		goto free_dp;
	ports->n = 16;
	RCU_INIT_POINTER(dp->ports, ports);
	dp->stats = netdev_alloc_pcpu_stats(struct tn_dp_stats);
	if (!dp->stats)
		goto free_ports;
	if (tn_meters_init(dp))
		goto free_stats;
	if (tn_table_init(&dp->table))
		goto free_meters;
	return dp;

free_meters:
	tn_meters_destroy(dp);
free_stats:
	free_percpu(dp->stats);
free_ports:
	kvfree(ports);
free_dp:
	kfree(dp);
	return NULL;
}

struct tn_dp *tn_dp_create(struct net *net, struct tn_port_parms *local, u32 user_features)
{
	struct tn_dp *dp = dp_alloc(net);
	struct tn_port *port;
	int err;

	if (!dp)
		return ERR_PTR(-ENOMEM);
	err = tn_dp_set_features(dp, user_features, local->extack);
	if (err)
		goto free;
	local->type = OVS_VPORT_TYPE_INTERNAL;
	local->port_no = OVSP_LOCAL;
	port = tn_port_add(dp, local);
	if (IS_ERR(port)) {
		err = PTR_ERR(port);
		goto free;
	}
	list_add_tail_rcu(&dp->node, &tn_net(net)->dps);
	schedule_delayed_work(&dp->rebalance, REBALANCE_PERIOD);
	return dp;

free:
	tn_dp_set_features(dp, 0, NULL);
	tn_table_destroy(&dp->table);
	tn_meters_destroy(dp);
	dp_put(dp);
	return ERR_PTR(err);
}

void tn_dp_destroy(struct tn_dp *dp)
{
	const struct tn_ports *ports = rtnl_dereference(dp->ports);
	struct tn_port *port;
	u32 no;

	ASSERT_RTNL();
	if (dp->dead)
		return;
	list_del_rcu(&dp->node);
	mutex_lock(&dp->lock);
	dp->dead = true;
	mutex_unlock(&dp->lock);
	cancel_delayed_work_sync(&dp->rebalance);
	for (no = ports->n; no-- > 0;) {	/* the local port last: others hang below it */
		port = rtnl_dereference(ports->port[no]);
		if (port)
			tn_port_del(port);
	}
	tn_dp_set_features(dp, 0, NULL);
	synchronize_net();
	mutex_lock(&dp->lock);
	tn_table_destroy(&dp->table);
	tn_meters_destroy(dp);
	mutex_unlock(&dp->lock);
	dp_put(dp);
}
