// SPDX-License-Identifier: GPL-2.0
/* Buckets, look-up, cache: see flow_table.h for the design. */
#include <linux/bitrev.h>
#include <linux/cache.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/once.h>
#include <linux/slab.h>

#include "flow_masks.h"
#include "flow_table.h"

#define SLOTS		4
#define MIN_BUCKETS	64u
#define MAX_BUCKETS	(1u << 24)
#define WAYS		2	/* of a set of the cache; a cache of one entry has one */

struct bucket {
	u32 hash[SLOTS];
	struct tn_flow __rcu *flow[SLOTS];
	struct bucket __rcu *next;
} ____cacheline_aligned;

struct tn_buckets {
	struct rcu_head rcu;
	u32 mask;		/* number of buckets less one */
	struct bucket *b;	/* by itself: a header before them would cost as much again, or a huge page */
};

struct cache_entry {
	u32 tag;		/* of the whole key's hash */
	u32 hash;		/* of the masked key */
	u32 mask;		/* index in tn_masks */
};

struct tn_cache {
	struct rcu_head rcu;
	u32 size;		/* entries per CPU, a power of two */
	u32 sets;		/* of WAYS entries each; less one */
	struct cache_entry *cpu[];	/* by CPU */
};

static u64 seed[2] __read_mostly;

/* --- hashing ------------------------------------------------------------------------------------ */

/* One step: 128 bits into 64. The seeds are secret, so that nobody can aim at a bucket. */
static __always_inline u64 fold(u64 a, u64 b)
{
#ifdef CONFIG_ARCH_SUPPORTS_INT128
	u64 high = (u64)((unsigned __int128)a * b >> 64);

	return a * b ^ high;
#else
	u32 w[4] = { (u32)a, a >> 32, (u32)b, b >> 32 };

	return jhash2(w, 4, (u32)seed[0]) | (u64)jhash2(w, 4, seed[1] >> 32) << 32;
#endif
}

static __always_inline u64 hash_words(const u64 *w, unsigned int n, u64 h)
{
	unsigned int i;

	for (i = 0; i + 1 < n; i += 2)
		h = fold(h ^ w[i], seed[1] ^ w[i + 1]);
	if (i < n)
		h = fold(h ^ w[i], seed[1]);
	return h;
}

/* Of the masked key, as it will be of the flows of @mask. The hit path. */
static __always_inline u32 hash_masked(const struct tn_key *key, const struct tn_mask *mask)
{
	const u64 *k = tn_key_words_c(key);
	unsigned int i, n = mask->n;
	u64 h = seed[0];

	for (i = 0; i < n; i += 2)
		h = fold(h ^ (k[mask->idx[i]] & mask->w[i]),
			 seed[1] ^ (k[mask->idx[i + 1]] & mask->w[i + 1]));
	return h ^ h >> 32;
}

/* Of all words that mean something. */
static u64 hash_key(const struct tn_key *key)
{
	u64 h = hash_words(tn_key_words_c(key), key->n_words, seed[0]);

	if (unlikely(key->tun_proto))
		h = hash_words((const u64 *)&key->tun, tn_key_tun_words(key), h);
	return h;
}

static u32 hash_ufid(const u8 *ufid, unsigned int len)
{
	return jhash(ufid, len, (u32)seed[0]);
}

static u32 hash_id(const struct tn_flow *flow)
{
	return flow->ufid_len ? hash_ufid(flow->ufid, flow->ufid_len) : (u32)hash_key(flow->id_key);
}

/* --- buckets ------------------------------------------------------------------------------------ */

/* May sleep. */
static struct tn_buckets *buckets_alloc(u32 n)
{
	struct tn_buckets *bk = kzalloc(sizeof(*bk), GFP_KERNEL_ACCOUNT);

	if (!bk)
		return NULL;
	bk->mask = n - 1;
	bk->b = kvcalloc(n, sizeof(*bk->b), GFP_KERNEL_ACCOUNT);
	if (!bk->b) {
		kfree(bk);
		return NULL;
	}
	return bk;
}

/* No reader has it. Any context that may free. NULL is fine. */
static void buckets_free(struct tn_buckets *bk)
{
	u32 i;

	if (!bk)
		return;
	for (i = 0; i <= bk->mask; i++) {
		struct bucket *b = rcu_dereference_raw(bk->b[i].next), *next;

		for (; b; b = next) {
			next = rcu_dereference_raw(b->next);
			kfree(b);
		}
	}
	kvfree(bk->b);
	kfree(bk);
}

static void buckets_free_cb(struct rcu_head *rcu)
{
	buckets_free(container_of(rcu, struct tn_buckets, rcu));
}

/* dp->lock. May sleep. */
static int buckets_insert(struct tn_buckets *bk, struct tn_flow *flow, u32 hash)
{
	struct bucket *b = &bk->b[hash & bk->mask], *next;
	unsigned int i;

	for (;;) {
		for (i = 0; i < SLOTS; i++) {
			if (rcu_access_pointer(b->flow[i]))
				continue;
			WRITE_ONCE(b->hash[i], hash);
			rcu_assign_pointer(b->flow[i], flow);
			return 0;
		}
		next = rcu_dereference_raw(b->next);
		if (!next)
			break;
		b = next;
	}
	next = kzalloc(sizeof(*next), GFP_KERNEL_ACCOUNT);
	if (!next)
		return -ENOMEM;
	next->hash[0] = hash;
	RCU_INIT_POINTER(next->flow[0], flow);
	rcu_assign_pointer(b->next, next);
	return 0;
}

/* dp->lock. Empty overflow lines stay until the table is resized. */
static void buckets_remove(struct tn_buckets *bk, const struct tn_flow *flow, u32 hash)
{
	struct bucket *b = &bk->b[hash & bk->mask];
	unsigned int i;

	for (; b; b = rcu_dereference_raw(b->next))
		for (i = 0; i < SLOTS; i++)
			if (rcu_access_pointer(b->flow[i]) == flow) {
				RCU_INIT_POINTER(b->flow[i], NULL);
				return;
			}
}

/* Puts @bk in place of the present buckets. dp->lock. */
static void buckets_replace(struct tn_buckets __rcu **at, struct tn_buckets *bk)
{
	struct tn_buckets *old = rcu_dereference_raw(*at);

	rcu_assign_pointer(*at, bk);
	call_rcu(&old->rcu, buckets_free_cb);
}

/* Makes them @n buckets; they stay as they are if there is no memory. dp->lock. May sleep. */
static noinline void buckets_resize(struct tn_buckets __rcu **at, u32 n, bool by_id)
{
	struct tn_buckets *old = rcu_dereference_raw(*at), *bk = buckets_alloc(n);
	struct bucket *b;
	u32 i, j;

	if (!bk)
		return;
	for (i = 0; i <= old->mask; i++)
		for (b = &old->b[i]; b; b = rcu_dereference_raw(b->next))
			for (j = 0; j < SLOTS; j++) {
				struct tn_flow *flow = rcu_dereference_raw(b->flow[j]);

				if (flow && buckets_insert(bk, flow, by_id ? flow->ufid_hash :
									     flow->hash)) {
					buckets_free(bk);
					return;
				}
			}
	buckets_replace(at, bk);
}

/* Doubles or quarters the buckets when the @n_flows that there are or will be want it. dp->lock. May sleep. */
static void buckets_fit(struct tn_buckets __rcu **at, u32 n_flows, bool by_id)
{
	u32 n = rcu_dereference_raw(*at)->mask + 1;

	if (n_flows > n * (SLOTS / 2) && n < MAX_BUCKETS)
		buckets_resize(at, n * 2, by_id);
	else if (n_flows < n / (2 * SLOTS) && n > MIN_BUCKETS)
		buckets_resize(at, max(n / 4, MIN_BUCKETS), by_id);
}

/* Whether @key is under @mask what @w says. Without a branch for each word: most often all are equal. The hit path. */
static __always_inline bool matches(const u64 *k, const struct tn_mask *mask, const u64 *w)
{
	unsigned int i, n = mask->n;
	u64 differ = 0;

	for (i = 0; i < n; i += 2) {
		differ |= (k[mask->idx[i]] & mask->w[i]) ^ w[i];
		differ |= (k[mask->idx[i + 1]] & mask->w[i + 1]) ^ w[i + 1];
	}
	return !differ;
}

/* The flow of @mask in the bucket of @hash that @key matches. RCU read side or dp->lock. The hit path. */
static __always_inline struct tn_flow *find(const struct tn_buckets *bk, u32 hash,
					    const struct tn_mask *mask, const struct tn_key *key)
{
	const struct bucket *b = &bk->b[hash & bk->mask];
	const u64 *k = tn_key_words_c(key);
	unsigned int i;

	do {
		for (i = 0; i < SLOTS; i++) {
			struct tn_flow *flow;

			if (b->hash[i] != hash)
				continue;
			flow = rcu_dereference_raw(b->flow[i]);
			if (flow && flow->mask == mask && likely(matches(k, mask, flow->w)))
				return flow;
		}
		b = rcu_dereference_raw(b->next);
	} while (unlikely(b));
	return NULL;
}

/* --- look-up ------------------------------------------------------------------------------------ */

/* Tries the masks in turn; *at becomes the index of the one that hit. */
static __always_inline struct tn_flow *try_masks(const struct tn_buckets *bk, const struct tn_masks *masks,
						 const struct tn_key *key, u32 *at, u32 *hash)
{
	u32 i, n = smp_load_acquire(&masks->n);

	for (i = 0; i < n; i++) {
		const struct tn_mask *mask = rcu_dereference_raw(masks->m[i]);
		struct tn_flow *flow;

		*hash = hash_masked(key, mask);
		flow = find(bk, *hash, mask, key);
		if (flow) {
			*at = i;
			return flow;
		}
	}
	*at = n;
	return NULL;
}

/* The flow that a hint names, if the hint is about this key. The hit path. */
static __always_inline struct tn_flow *try_hint(const struct tn_buckets *bk, const struct tn_masks *masks,
						const struct cache_entry *e, u32 tag, const struct tn_key *key)
{
	if (e->tag != tag || e->mask >= smp_load_acquire(&masks->n))
		return NULL;
	return find(bk, e->hash, rcu_dereference_raw(masks->m[e->mask]), key);
}

/* With many masks: the cache first, and what is learned goes into it. BH off, RCU read side. */
static noinline struct tn_hit lookup_cached(const struct tn_table *table, const struct tn_buckets *bk,
					    struct tn_masks *masks, const struct tn_key *key)
{
	struct tn_cache *cache = rcu_dereference(table->cache);
	struct cache_entry *e = NULL;
	struct tn_flow *flow;
	u64 h = 0;
	u32 at, hash;

	if (cache) {
		h = hash_key(key);
		e = &cache->cpu[smp_processor_id()][(h & cache->sets) * WAYS];
		flow = try_hint(bk, masks, &e[0], h >> 32, key);
		if (unlikely(!flow && cache->size > 1))
			flow = try_hint(bk, masks, &e[1], h >> 32, key);
		if (likely(flow))
			return (struct tn_hit){ .flow = flow, .n_masks = 1, .cached = 1 };
	}
	flow = try_masks(bk, masks, key, &at, &hash);
	if (!flow)
		return (struct tn_hit){ .n_masks = at };
	if (masks->hits)
		this_cpu_ptr(masks->hits)[at]++;
	if (e) {
		if (cache->size > 1)
			e[1] = e[0];
		e[0] = (struct cache_entry){ .tag = h >> 32, .hash = hash, .mask = at };
	}
	return (struct tn_hit){ .flow = flow, .n_masks = at + 1 };
}

struct tn_hit tn_table_lookup(struct tn_table *table, const struct tn_key *key)
{
	const struct tn_buckets *bk = rcu_dereference(table->flows);
	struct tn_masks *masks = rcu_dereference(table->masks);
	struct tn_flow *flow;
	u32 at, hash;

	if (masks->n > TN_FEW_MASKS)
		return lookup_cached(table, bk, masks, key);
	flow = try_masks(bk, masks, key, &at, &hash);
	return (struct tn_hit){ .flow = flow, .n_masks = at + !!flow };
}

struct tn_flow *tn_table_find_match(const struct tn_table *table, const struct tn_key *key)
{
	u32 at, hash;

	return try_masks(rcu_dereference_raw(table->flows), rcu_dereference_raw(table->masks), key, &at,
			 &hash);
}

/* Walks the chain of one identifier hash. */
#define for_each_id(flow, b, i, bk, h)						\
	for ((b) = &(bk)->b[(h) & (bk)->mask]; (b); (b) = rcu_dereference_raw((b)->next))	\
		for ((i) = 0; (i) < SLOTS; (i)++)					\
			if ((b)->hash[i] == (h) &&					\
			    ((flow) = rcu_dereference_raw((b)->flow[i])) != NULL)

struct tn_flow *tn_table_find_ufid(const struct tn_table *table, const u8 *ufid, unsigned int len)
{
	const struct tn_buckets *bk = rcu_dereference_raw(table->ufids);
	u32 hash = hash_ufid(ufid, len), i;
	const struct bucket *b;
	struct tn_flow *flow;

	for_each_id(flow, b, i, bk, hash)
		if (flow->ufid_len == len && !memcmp(flow->ufid, ufid, len))
			return flow;
	return NULL;
}

static bool keys_equal(const struct tn_key *a, const struct tn_key *b)
{
	return a->n_words == b->n_words && !memcmp(a, b, a->n_words * 8) &&
	       !memcmp(&a->tun, &b->tun, tn_key_tun_words(a) * 8);
}

struct tn_flow *tn_table_find_key(const struct tn_table *table, const struct tn_key *key)
{
	const struct tn_buckets *bk = rcu_dereference_raw(table->ufids);
	u32 hash = hash_key(key), i;
	const struct bucket *b;
	struct tn_flow *flow;

	for_each_id(flow, b, i, bk, hash)
		if (!flow->ufid_len && keys_equal(flow->id_key, key))
			return flow;
	return NULL;
}

/* dp->lock. May sleep. */
static void resize(struct tn_table *table, u32 n_flows)
{
	buckets_fit(&table->flows, n_flows, false);
	buckets_fit(&table->ufids, n_flows, true);
}

int tn_table_insert(struct tn_table *table, struct tn_flow *flow)
{
	const struct tn_mask *mask = flow->mask;
	u64 h = hash_words(flow->w, mask->n, seed[0]);
	int err;

	flow->hash = h ^ h >> 32;
	flow->ufid_hash = hash_id(flow);
	resize(table, table->n_flows + 1);
	err = buckets_insert(rcu_dereference_raw(table->ufids), flow, flow->ufid_hash);
	if (err)
		return err;
	err = buckets_insert(rcu_dereference_raw(table->flows), flow, flow->hash);
	if (err) {
		buckets_remove(rcu_dereference_raw(table->ufids), flow, flow->ufid_hash);
		synchronize_rcu();	/* a dump may have met it */
		return err;
	}
	WRITE_ONCE(table->n_flows, table->n_flows + 1);
	return 0;
}

/* dp->lock. */
static void unlink(struct tn_table *table, struct tn_flow *flow)
{
	buckets_remove(rcu_dereference_raw(table->flows), flow, flow->hash);
	buckets_remove(rcu_dereference_raw(table->ufids), flow, flow->ufid_hash);
	WRITE_ONCE(table->n_flows, table->n_flows - 1);
}

void tn_table_unlink(struct tn_table *table, struct tn_flow *flow)
{
	unlink(table, flow);
	resize(table, table->n_flows);
}

/* *skip holds the number of the slot in the chain, and above it the size of the table it is about: when
 * that has changed since, the bucket is walked from its start again. Buckets are visited in the order of
 * their reversed numbers, in which the parts of a bucket that was split, or of several that become one, follow
 * each other.
 */
struct tn_flow *tn_table_next(const struct tn_table *table, u32 *bucket, u32 *skip)
{
	const struct tn_buckets *bk = rcu_dereference_raw(table->flows);
	u32 order = (u32)ilog2(bk->mask + 1) << 24;
	u32 from = (*skip & 0xff000000) == order ? *skip & 0xffffff : 0, slot, i, v;
	const struct bucket *b;
	struct tn_flow *flow;

	while (*skip != U32_MAX) {
		slot = 0;
		for (b = &bk->b[*bucket & bk->mask]; b; b = rcu_dereference_raw(b->next))
			for (i = 0; i < SLOTS; i++, slot++) {
				flow = rcu_dereference_raw(b->flow[i]);
				if (slot >= from && flow) {
					*skip = order | (slot + 1);
					return flow;
				}
			}
		from = 0;
		v = bitrev32(*bucket | ~bk->mask) + 1;
		*bucket = bitrev32(v);
		*skip = v ? order : U32_MAX;
	}
	return NULL;
}

/* --- cache and life of a table ------------------------------------------------------------------ */

static void cache_free(struct tn_cache *cache)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(cache->cpu[cpu]);
	kvfree(cache);
}

static void cache_free_cb(struct rcu_head *rcu)
{
	cache_free(container_of(rcu, struct tn_cache, rcu));
}

u32 tn_table_cache_size(const struct tn_table *table)
{
	const struct tn_cache *cache;
	u32 size;

	rcu_read_lock();
	cache = rcu_dereference(table->cache);
	size = cache ? cache->size : 0;
	rcu_read_unlock();
	return size;
}

int tn_table_set_cache_size(struct tn_table *table, u32 size)
{
	struct tn_cache *old = rcu_dereference_raw(table->cache), *cache = NULL;
	int cpu;

	if (size > TN_CACHE_MAX || (size & (size - 1)))
		return -EINVAL;
	if (size == (old ? old->size : 0))
		return 0;
	if (size) {
		cache = kvzalloc(struct_size(cache, cpu, nr_cpu_ids), GFP_KERNEL_ACCOUNT);
		if (!cache)
			return -ENOMEM;
		cache->size = size;
		cache->sets = max(size / WAYS, 1u) - 1;
		for_each_possible_cpu(cpu) {
			cache->cpu[cpu] = kvcalloc(size, sizeof(struct cache_entry), GFP_KERNEL_ACCOUNT);
			if (!cache->cpu[cpu]) {
				cache_free(cache);
				return -ENOMEM;
			}
		}
	}
	rcu_assign_pointer(table->cache, cache);
	if (old)
		call_rcu(&old->rcu, cache_free_cb);
	return 0;
}

int tn_table_init(struct tn_table *table)
{
	struct tn_masks *masks;

	get_random_once(seed, sizeof(seed));
	masks = tn_masks_alloc(16);
	RCU_INIT_POINTER(table->masks, masks);
	RCU_INIT_POINTER(table->flows, buckets_alloc(MIN_BUCKETS));
	RCU_INIT_POINTER(table->ufids, buckets_alloc(MIN_BUCKETS));
	if (masks && rcu_access_pointer(table->flows) && rcu_access_pointer(table->ufids) &&
	    !tn_table_set_cache_size(table, TN_CACHE_DEFAULT))
		return 0;
	if (masks)
		tn_masks_free_cb(&masks->rcu);
	buckets_free(rcu_dereference_raw(table->flows));
	buckets_free(rcu_dereference_raw(table->ufids));
	return -ENOMEM;
}

/* Empty ones as many as at first. dp->lock. May sleep. */
static void clear_buckets(struct tn_buckets __rcu **at)
{
	struct tn_buckets *bk = buckets_alloc(MIN_BUCKETS);

	if (bk)
		buckets_replace(at, bk);
}

/* Deletes all flows and masks. dp->lock. May sleep. */
static void delete_all(struct tn_table *table)
{
	struct tn_flow *flow;
	u32 bucket = 0, skip = 0;

	while ((flow = tn_table_next(table, &bucket, &skip))) {
		unlink(table, flow);
		flow->mask->n_flows--;
		tn_flow_free_rcu(flow);
		cond_resched();
	}
	tn_table_clear_masks(table);	/* one by one each would copy the array */
}

void tn_table_flush(struct tn_table *table)
{
	delete_all(table);
	clear_buckets(&table->flows);
	clear_buckets(&table->ufids);
}

void tn_table_destroy(struct tn_table *table)
{
	struct tn_cache *cache = rcu_dereference_raw(table->cache);
	struct tn_masks *masks;
	u32 i;

	delete_all(table);
	masks = rcu_dereference_raw(table->masks);
	for (i = 0; i < masks->n; i++)	/* those that could not be taken out */
		kfree_rcu(rcu_dereference_raw(masks->m[i]), rcu);
	call_rcu(&masks->rcu, tn_masks_free_cb);
	call_rcu(&rcu_dereference_raw(table->flows)->rcu, buckets_free_cb);
	call_rcu(&rcu_dereference_raw(table->ufids)->rcu, buckets_free_cb);
	if (cache)
		call_rcu(&cache->rcu, cache_free_cb);
}
