/* SPDX-License-Identifier: GPL-2.0 */
/* The flow table of a datapath: masks, and one hash table of all flows; a second one by identifier.
 *
 * Buckets are cache lines of four (hash, flow) pairs with overflow lines; growing or shrinking builds a new
 * array of buckets beside the old one and publishes it, so readers never wait. A look-up first asks
 * a per-CPU cache, keyed by a hash of the whole key, which mask and masked hash served the last such
 * packet; an entry is a hint and is always verified, so nothing has to be flushed.
 *
 * Readers: RCU. Writers: dp->lock.
 */
#ifndef TN_FLOW_TABLE_H
#define TN_FLOW_TABLE_H

#include <linux/rcupdate.h>
#include "flow.h"

#define TN_CACHE_DEFAULT	256	/* entries per CPU, as the stock module's */
#define TN_CACHE_MAX		(1u << 20)

struct tn_buckets;
struct tn_masks;
struct tn_cache;

struct tn_table {
	struct tn_buckets __rcu *flows;		/* by masked key */
	struct tn_buckets __rcu *ufids;		/* by identifier */
	struct tn_masks __rcu *masks;
	struct tn_cache __rcu *cache;		/* NULL: size 0 */
	u32 n_flows;				/* dp->lock; read anywhere */
	unsigned long rebalanced;		/* jiffies; dp->lock */
};

/* May sleep; nobody else knows the table. */
int tn_table_init(struct tn_table *table);
/* All flows are freed after a grace period, then the rest. May sleep; dp->lock. */
void tn_table_flush(struct tn_table *table);
void tn_table_destroy(struct tn_table *table);

/* The outcome of a look-up; it fits in two registers. */
struct tn_hit {
	struct tn_flow *flow;	/* NULL: a miss */
	u32 n_masks;		/* masks tried */
	u32 cached;		/* 1: the cache knew */
};

/* The flow that @key matches. BH off, RCU read side. The hit path. */
struct tn_hit tn_table_lookup(struct tn_table *table, const struct tn_key *key);

/* By identifier; the flow whose key and mask are the same; or whose mask overlaps. dp->lock or RCU. */
struct tn_flow *tn_table_find_ufid(const struct tn_table *table, const u8 *ufid, unsigned int len);
struct tn_flow *tn_table_find_key(const struct tn_table *table, const struct tn_key *key);
struct tn_flow *tn_table_find_match(const struct tn_table *table, const struct tn_key *key);

/* The mask of the bits @bits, shared, with one flow counted; -ENOMEM, -ENOSPC. dp->lock, may sleep. */
struct tn_mask *tn_table_get_mask(struct tn_table *table, const struct tn_key *bits);
void tn_table_put_mask(struct tn_table *table, struct tn_mask *mask);
/* Takes out all masks, none of which has flows any more. dp->lock, may sleep. */
void tn_table_clear_masks(struct tn_table *table);

/* Publishes a flow whose mask was taken with tn_table_get_mask(). 0 or -ENOMEM. dp->lock, may sleep. */
int tn_table_insert(struct tn_table *table, struct tn_flow *flow);
/* Unpublishes it; the caller then puts its mask and frees it by RCU. dp->lock, may sleep. */
void tn_table_unlink(struct tn_table *table, struct tn_flow *flow);

/* Iterates: *bucket and *skip are 0 at first and say where to go on; flows present throughout are met at
 * least once even if the table grows or shrinks between calls. NULL: the end. RCU read side or dp->lock.
 */
struct tn_flow *tn_table_next(const struct tn_table *table, u32 *bucket, u32 *skip);

/* The mask cache, entries per CPU: 0 or a power of two up to TN_CACHE_MAX. dp->lock, may sleep. */
int tn_table_set_cache_size(struct tn_table *table, u32 size);
u32 tn_table_cache_size(const struct tn_table *table);
u32 tn_table_n_masks(const struct tn_table *table);

/* Puts masks that hit often first. dp->lock, may sleep. Called by the datapath's worker. */
void tn_table_rebalance(struct tn_table *table);

#endif
