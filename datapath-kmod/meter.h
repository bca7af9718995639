/* SPDX-License-Identifier: GPL-2.0 */
/* Meters: token buckets by id. Table under dp->lock, read under RCU; family tn_meter_family. */
#ifndef TN_METER_H
#define TN_METER_H

#include <linux/types.h>

struct sk_buff;
struct tn_dp;

/* Sets dp->meters. May sleep; nobody knows the datapath yet. */
int tn_meters_init(struct tn_dp *dp);
/* Frees it after the last reader. May sleep; the datapath is dead. */
void tn_meters_destroy(struct tn_dp *dp);

/* Runs @skb through meter @id: true where a band drops it (the caller frees). A meter that is not there
 * lets it pass. Never consumes @skb. BH off, RCU read side.
 */
bool tn_meter_execute(struct tn_dp *dp, const struct sk_buff *skb, u32 id);

#endif
