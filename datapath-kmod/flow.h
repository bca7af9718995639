/* SPDX-License-Identifier: GPL-2.0 */
/* A flow: masked key, actions, statistics. A mask: the words that its flows compare.
 *
 * Flows store only the words that their mask covers, so a flow costs what it matches. A flow belongs
 * to the flow table from tn_table_insert() until tn_table_unlink(); readers find it under RCU; it is
 * freed after a grace period. Fields marked "fixed" never change once the flow is in the table.
 */
#ifndef TN_FLOW_H
#define TN_FLOW_H

#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/smp.h>
#include "key.h"

struct tn_actions;

#define TN_UFID_MAX	16

struct tn_mask {
	struct rcu_head rcu;
	u32 n_flows;		/* dp->lock */
	u8 n;			/* words compared, an even number; fixed */
	u8 idx[TN_KEY_WORDS];	/* which word of the key the n-th is, ascending; fixed */
	u64 w[];		/* the bits of it; fixed */
};

/* One CPU's share. Written by that CPU alone with BH off, read from anywhere without a lock. */
struct tn_flow_stats {
	u64 packets;
	u64 bytes;
	unsigned long used;	/* jiffies; valid when packets != base.packets */
	u16 tcp_flags;		/* host order */
};

struct tn_flow {
	struct tn_mask *mask;	/* fixed */
	struct tn_actions __rcu *acts;	/* replaced under dp->lock */
	u32 hash;		/* of the masked key; fixed */
	u32 ufid_hash;		/* of the identifier; fixed */
	int owner;		/* the CPU that uses @own; -1: nobody yet */
	u8 ufid_len;		/* 0: identified by id_key; fixed */
	struct tn_flow_stats own;	/* with this ends the first cache line */
	struct tn_flow_stats * __rcu *others;	/* [nr_cpu_ids], when a second CPU came */
	struct {
		u64 packets;
		u64 bytes;
	} base;			/* what OVS_FLOW_ATTR_CLEAR took off; dp->lock */
	struct rcu_head rcu;
	union {
		u8 ufid[TN_UFID_MAX];	/* fixed */
		struct tn_key *id_key;	/* the key as given, up to its last valid word; fixed */
	};
	u64 w[];		/* masked key, mask->n words; fixed */
};

/* A flow with room for @n words, made even, without mask and actions. May sleep. NULL: no memory. */
struct tn_flow *tn_flow_alloc(unsigned int n);

/* Identifies @flow by @key instead of a UFID. May sleep. 0 or -ENOMEM. */
int tn_flow_set_id_key(struct tn_flow *flow, const struct tn_key *key);

/* Frees a flow, its actions and statistics; the mask is the table's. At once where no reader can know
 * it, else after a grace period. Any context that may free.
 */
void tn_flow_free(struct tn_flow *flow);
void tn_flow_free_rcu(struct tn_flow *flow);

/* The share of this CPU, which is not the owner of flow->own, or becomes it now; NULL where memory runs out.
 * Context of tn_flow_count().
 */
struct tn_flow_stats *tn_flow_other_stats(struct tn_flow *flow, int cpu);

/* Counts one packet. Softirq or BH off, RCU read side. The hit path. */
static inline void tn_flow_count(struct tn_flow *flow, const struct tn_key *key, unsigned int len)
{
	int cpu = smp_processor_id();
	struct tn_flow_stats *s = &flow->own;

	if (unlikely(flow->owner != cpu)) {
		s = tn_flow_other_stats(flow, cpu);
		if (!s)
			return;
	}
	s->packets++;
	s->bytes += len;
	WRITE_ONCE(s->used, jiffies);
	if (key->tcp_flags)
		s->tcp_flags |= ntohs(key->tcp_flags);
}

/* Sums what all CPUs counted since the last clear. RCU read side or dp->lock. */
void tn_flow_stats_get(const struct tn_flow *flow, struct ovs_flow_stats *stats, unsigned long *used,
		       u16 *tcp_flags);
/* Starts from zero. dp->lock. */
void tn_flow_stats_clear(struct tn_flow *flow);

/* Key and mask spread out again: words that are not matched are 0. Any context. */
void tn_flow_key(const struct tn_flow *flow, struct tn_key *key);
void tn_mask_key(const struct tn_mask *mask, struct tn_key *bits);

/* Clears the bits of @bits that mean nothing for @key, see key.h, and makes sure that fields which give
 * others their meaning are matched exactly where those others are matched. Any context.
 */
void tn_mask_trim(const struct tn_key *key, struct tn_key *bits);

#endif
