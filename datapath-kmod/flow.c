// SPDX-License-Identifier: GPL-2.0
/* Flows: life, statistics, and the relation of compact flows and masks to whole keys. */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "actions.h"
#include "flow.h"

/* May sleep. */
struct tn_flow *tn_flow_alloc(unsigned int n)
{
	struct tn_flow *flow = kzalloc(struct_size(flow, w, ALIGN(n, 2)), GFP_KERNEL_ACCOUNT);

	if (flow)
		flow->owner = -1;
	return flow;
}

/* May sleep. */
int tn_flow_set_id_key(struct tn_flow *flow, const struct tn_key *key)
{
	unsigned int n = key->tun_proto ? TN_KEY_TUN_WORD + tn_key_tun_words(key) : key->n_words;

	flow->ufid_len = 0;
	flow->id_key = kzalloc(n * sizeof(u64), GFP_KERNEL_ACCOUNT);
	if (!flow->id_key)
		return -ENOMEM;
	tn_key_copy(flow->id_key, key);
	return 0;
}

/* What is not shared with readers any more. Any context that may free. */
static void free_parts(struct tn_flow *flow)
{
	struct tn_flow_stats **others = rcu_dereference_raw(flow->others);
	int cpu;

	if (others) {
		for_each_possible_cpu(cpu)
			kfree(others[cpu]);
		kfree(others);
	}
	if (!flow->ufid_len)
		kfree(flow->id_key);
	kfree(flow);
}

void tn_flow_free(struct tn_flow *flow)
{
	if (!flow)
		return;
	tn_actions_free(rcu_dereference_raw(flow->acts));
	free_parts(flow);
}

/* RCU callback. */
static void flow_free_cb(struct rcu_head *rcu)
{
	tn_flow_free(container_of(rcu, struct tn_flow, rcu));
}

void tn_flow_free_rcu(struct tn_flow *flow)
{
	call_rcu(&flow->rcu, flow_free_cb);
}

/* This CPU is the only writer of its slot; a packet for which there is no memory stays uncounted. */
struct tn_flow_stats *tn_flow_other_stats(struct tn_flow *flow, int cpu)
{
	struct tn_flow_stats **others, **theirs;

	if (flow->owner == -1 && cmpxchg(&flow->owner, -1, cpu) == -1)
		return &flow->own;
	others = rcu_dereference(flow->others);
	if (!others) {
		others = kcalloc(nr_cpu_ids, sizeof(*others), GFP_NOWAIT | __GFP_NOWARN);
		if (!others)
			return NULL;
		theirs = cmpxchg((struct tn_flow_stats ***)&flow->others, NULL, others);
		if (theirs) {
			kfree(others);
			others = theirs;
		}
	}
	if (!others[cpu])
		smp_store_release(&others[cpu],
				  kzalloc_node(sizeof(**others), GFP_NOWAIT | __GFP_NOWARN,
					       cpu_to_node(cpu)));
	return others[cpu];
}

/* Adds @from to the sums. */
static void add_stats(struct tn_flow_stats *sum, const struct tn_flow_stats *from)
{
	unsigned long used = READ_ONCE(from->used);

	if (from->packets && (!sum->packets || time_after(used, sum->used)))
		sum->used = used;
	sum->packets += READ_ONCE(from->packets);
	sum->bytes += READ_ONCE(from->bytes);
	sum->tcp_flags |= from->tcp_flags;
}

static void sum_stats(const struct tn_flow *flow, struct tn_flow_stats *sum)
{
	struct tn_flow_stats **others = rcu_dereference_raw(flow->others);
	int cpu;

	*sum = (struct tn_flow_stats){};
	add_stats(sum, &flow->own);
	if (likely(!others))
		return;
	for_each_possible_cpu(cpu) {
		const struct tn_flow_stats *s = smp_load_acquire(&others[cpu]);

		if (s)
			add_stats(sum, s);
	}
}

void tn_flow_stats_get(const struct tn_flow *flow, struct ovs_flow_stats *stats, unsigned long *used,
		       u16 *tcp_flags)
{
	struct tn_flow_stats sum;

	sum_stats(flow, &sum);
	stats->n_packets = sum.packets - READ_ONCE(flow->base.packets);
	stats->n_bytes = sum.bytes - READ_ONCE(flow->base.bytes);
	*used = sum.used;
	*tcp_flags = stats->n_packets ? sum.tcp_flags : 0;
}

void tn_flow_stats_clear(struct tn_flow *flow)
{
	struct tn_flow_stats **others = rcu_dereference_raw(flow->others);
	struct tn_flow_stats sum;
	int cpu;

	sum_stats(flow, &sum);
	WRITE_ONCE(flow->base.packets, sum.packets);
	WRITE_ONCE(flow->base.bytes, sum.bytes);
	WRITE_ONCE(flow->own.tcp_flags, 0);	/* a packet in flight may set its own again */
	if (!others)
		return;
	for_each_possible_cpu(cpu)
		if (others[cpu])
			WRITE_ONCE(others[cpu]->tcp_flags, 0);
}

/* The words @w of @mask in the places they have in a key. Any context. */
static void spread(const struct tn_mask *mask, const u64 *w, struct tn_key *key)
{
	unsigned int i;

	memset(key, 0, sizeof(*key));
	for (i = 0; i < mask->n; i++)
		tn_key_words(key)[mask->idx[i]] = w[i];
}

void tn_flow_key(const struct tn_flow *flow, struct tn_key *key)
{
	spread(flow->mask, flow->w, key);
}

void tn_mask_key(const struct tn_mask *mask, struct tn_key *bits)
{
	spread(mask, mask->w, bits);
}

unsigned int tn_key_l3_size(__be16 eth_type)
{
	switch (eth_type) {
	case htons(ETH_P_IP):
	case htons(ETH_P_ARP):
	case htons(ETH_P_RARP):
		return sizeof(struct tn_key_ipv4);
	case htons(ETH_P_IPV6):
		return sizeof(struct tn_key_ipv6);
	case htons(ETH_P_MPLS_UC):
	case htons(ETH_P_MPLS_MC):
		return sizeof(struct tn_key_mpls);
	case htons(ETH_P_NSH):
		return sizeof(struct tn_key_nsh);
	default:
		return 0;
	}
}

static bool any_set(const void *bits, size_t len)
{
	return memchr_inv(bits, 0, len);
}

static void trim_tunnel(const struct tn_key *key, struct tn_key *bits)
{
	unsigned int len = key->tun_opts_len;

	if (!key->tun_proto) {
		memset_startat(bits, 0, tun);
		bits->tun_opts_len = 0;
		return;
	}
	memset(bits->tun_opts + len, 0, sizeof(bits->tun_opts) - len);
	memset((u8 *)&bits->tun + offsetofend(struct ip_tunnel_key, tp_dst), 0,
	       sizeof(bits->tun) - offsetofend(struct ip_tunnel_key, tp_dst));
	if (key->tun_proto == AF_INET)
		memset((u8 *)&bits->tun.u + sizeof(bits->tun.u.ipv4), 0,
		       sizeof(bits->tun.u) - sizeof(bits->tun.u.ipv4));
	if (any_set(bits->tun_opts, sizeof(bits->tun_opts)))
		bits->tun_opts_len = 0xff;
	if (bits->tun_opts_len || any_set(&bits->tun, sizeof(bits->tun)))
		bits->tun_proto = 0xff;
}

void tn_mask_trim(const struct tn_key *key, struct tn_key *bits)
{
	u8 *l3 = (u8 *)&bits->ipv4;
	unsigned int len = bits->eth_type == htons(0xffff) ? tn_key_l3_size(key->eth_type) : 0;

	bits->n_words = 0;
	memset(l3 + len, 0, offsetof(struct tn_key, tun) - offsetof(struct tn_key, ipv4) - len);
	trim_tunnel(key, bits);
}
