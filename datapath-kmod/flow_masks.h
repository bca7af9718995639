/* SPDX-License-Identifier: GPL-2.0 */
/* What look-up sees of the masks. Readers: RCU. Writers: dp->lock; see flow_table.h for the functions. */
#ifndef TN_FLOW_MASKS_H
#define TN_FLOW_MASKS_H

#include "flow_table.h"

#define TN_FEW_MASKS	2	/* trying so many costs less than hashing the key for the cache */

struct tn_masks {
	struct rcu_head rcu;
	u32 n, room;		/* n grows in place up to room */
	u64 __percpu *hits;	/* [room] of each CPU */
	struct tn_mask __rcu *m[];
};

/* May sleep. NULL: no memory. */
struct tn_masks *tn_masks_alloc(u32 room);
/* RCU callback: the array, not the masks. */
void tn_masks_free_cb(struct rcu_head *rcu);

#endif
