// SPDX-License-Identifier: GPL-2.0
/* The masks of a flow table: shared among flows, in an array that readers walk in its order. */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "flow_masks.h"

#define MAX_MASKS	(1u << 16)

/* May sleep. */
struct tn_masks *tn_masks_alloc(u32 room)
{
	struct tn_masks *masks = kvzalloc(struct_size(masks, m, room), GFP_KERNEL_ACCOUNT);

	if (!masks)
		return NULL;
	masks->room = room;
	if (room * sizeof(u64) <= PCPU_MIN_UNIT_SIZE)	/* else they stay in their order */
		masks->hits = __alloc_percpu_gfp(room * sizeof(u64), sizeof(u64),
						 GFP_KERNEL_ACCOUNT);
	return masks;
}

void tn_masks_free_cb(struct rcu_head *rcu)
{
	struct tn_masks *masks = container_of(rcu, struct tn_masks, rcu);

	free_percpu(masks->hits);
	kvfree(masks);
}

/* Publishes @masks in place of the present array. dp->lock. */
static void masks_replace(struct tn_table *table, struct tn_masks *masks)
{
	struct tn_masks *old = rcu_dereference_raw(table->masks);

	rcu_assign_pointer(table->masks, masks);
	call_rcu(&old->rcu, tn_masks_free_cb);
}

/* dp->lock. May sleep. */
static int masks_add(struct tn_table *table, struct tn_mask *mask)
{
	struct tn_masks *masks = rcu_dereference_raw(table->masks);

	if (masks->n >= MAX_MASKS)
		return -ENOSPC;
	if (masks->n == masks->room) {
		struct tn_masks *bigger = tn_masks_alloc(masks->room * 2);

		if (!bigger)
			return -ENOMEM;
		memcpy(bigger->m, masks->m, masks->n * sizeof(masks->m[0]));
		bigger->n = masks->n;
		masks_replace(table, bigger);
		masks = bigger;
	}
	rcu_assign_pointer(masks->m[masks->n], mask);
	smp_store_release(&masks->n, masks->n + 1);
	return 0;
}

/* Takes the mask out. Moving the last one into its place would make readers that are under way miss
 * it, so the array is copied; if there is no memory for that, the mask stays in, empty. dp->lock.
 */
static bool masks_remove(struct tn_table *table, const struct tn_mask *mask)
{
	struct tn_masks *masks = rcu_dereference_raw(table->masks);
	struct tn_masks *less = tn_masks_alloc(masks->room);
	u32 i;

	if (!less)
		return false;
	for (i = 0; i < masks->n; i++)
		if (rcu_access_pointer(masks->m[i]) != mask)
			less->m[less->n++] = masks->m[i];
	masks_replace(table, less);
	return true;
}

/* Compacts @bits into an even number of words. */
static unsigned int mask_index(const struct tn_key *bits, u8 *idx)
{
	const u64 *w = tn_key_words_c(bits);
	unsigned int i, n = 0;

	for (i = 0; i < TN_KEY_WORDS; i++)
		if (w[i])
			idx[n++] = i;
	if (n & 1)
		idx[n++] = TN_KEY_WORD(nothing);
	return n;
}

static bool mask_is(const struct tn_mask *mask, const u64 *bits, const u8 *idx, unsigned int n)
{
	unsigned int i;

	if (mask->n != n || memcmp(mask->idx, idx, n))
		return false;
	for (i = 0; i < n; i++)
		if (mask->w[i] != bits[idx[i]])
			return false;
	return true;
}

struct tn_mask *tn_table_get_mask(struct tn_table *table, const struct tn_key *bits)
{
	struct tn_masks *masks = rcu_dereference_raw(table->masks);
	const u64 *w = tn_key_words_c(bits);
	struct tn_mask *mask;
	u8 idx[TN_KEY_WORDS];
	unsigned int n = mask_index(bits, idx), i;
	int err;

	for (i = 0; i < masks->n; i++) {
		mask = rcu_dereference_raw(masks->m[i]);
		if (mask_is(mask, w, idx, n)) {
			mask->n_flows++;
			return mask;
		}
	}
	mask = kzalloc(struct_size(mask, w, n), GFP_KERNEL_ACCOUNT);
	if (!mask)
		return ERR_PTR(-ENOMEM);
	mask->n_flows = 1;
	mask->n = n;
	memcpy(mask->idx, idx, n);
	for (i = 0; i < n; i++)
		mask->w[i] = w[idx[i]];
	err = masks_add(table, mask);
	if (err) {
		kfree(mask);
		return ERR_PTR(err);
	}
	return mask;
}

void tn_table_put_mask(struct tn_table *table, struct tn_mask *mask)
{
	if (!--mask->n_flows && masks_remove(table, mask))
		kfree_rcu(mask, rcu);
}

void tn_table_clear_masks(struct tn_table *table)
{
	struct tn_masks *masks = rcu_dereference_raw(table->masks), *none = tn_masks_alloc(16);
	u32 i;

	if (!none)
		return;	/* they stay in, empty */
	for (i = 0; i < masks->n; i++)
		kfree_rcu(rcu_dereference_raw(masks->m[i]), rcu);
	masks_replace(table, none);
}

u32 tn_table_n_masks(const struct tn_table *table)
{
	u32 n;

	rcu_read_lock();
	n = READ_ONCE(rcu_dereference(table->masks)->n);
	rcu_read_unlock();
	return n;
}

struct ranked {
	struct tn_mask *mask;
	u64 hits;
};

/* Descending by hits. */
static int rank(const void *a, const void *b)
{
	u64 x = ((const struct ranked *)a)->hits, y = ((const struct ranked *)b)->hits;

	return x < y ? 1 : x > y ? -1 : 0;
}

void tn_table_rebalance(struct tn_table *table)
{
	struct tn_masks *masks = rcu_dereference_raw(table->masks), *sorted;
	struct ranked *r;
	bool moved = false;
	u32 i;
	int cpu;

	if (masks->n <= TN_FEW_MASKS || !masks->hits)
		return;
	r = kvcalloc(masks->n, sizeof(*r), GFP_KERNEL);
	if (!r)
		return;
	for (i = 0; i < masks->n; i++) {
		r[i].mask = rcu_dereference_raw(masks->m[i]);
		for_each_possible_cpu(cpu)
			r[i].hits += per_cpu_ptr(masks->hits, cpu)[i];
		moved |= i && r[i].hits > r[i - 1].hits;
	}
	sorted = moved ? tn_masks_alloc(masks->room) : NULL;
	if (sorted) {
		sort(r, masks->n, sizeof(*r), rank, NULL);
		for (i = 0; i < masks->n; i++)
			RCU_INIT_POINTER(sorted->m[i], r[i].mask);
		sorted->n = masks->n;
		masks_replace(table, sorted);
	}
	kvfree(r);
}
