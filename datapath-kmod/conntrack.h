/* SPDX-License-Identifier: GPL-2.0 */
/* ct(): the kernel's connection tracking for flows; limits per zone. */
#ifndef TN_CONNTRACK_H
#define TN_CONNTRACK_H

#include "actions.h"

struct net;
struct tn_act_ct;		/* compiled action, private to conntrack*.c */

/* Per namespace: labels, limits. Process context. @limits goes to tn_net.ct_limits. */
int tn_ct_net_init(struct net *net);
void tn_ct_net_exit(struct net *net);

/* Validates OVS_ACTION_ATTR_CT for packets that match @key, which stays, and appends the compiled action (with what it
 * holds: template, helper, timeout) to @b. 0 or -errno with extack. Process context, may sleep.
 */
int tn_ct_parse(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key);
/* Drops what the action holds. Any context that may free, not hard interrupts. */
void tn_ct_free(struct tn_act *act);

/* Tracks the packet and writes its state into @key. 0: goes on. -EINPROGRESS: a fragment was kept for
 * reassembly, @skb is consumed. Other: error, @skb is consumed too. BH off, RCU read side.
 */
int tn_ct_execute(struct net *net, struct sk_buff *skb, struct tn_key *key, const struct tn_act *act);
/* Forgets the connection. Never consumes @skb. Context as above. */
void tn_ct_clear(struct sk_buff *skb, struct tn_key *key);

/* Fills ct_state, ct_zone, ct_mark, ct_labels, ct_orig_proto and the original tuple of @key from the
 * connection on @skb; zeros where there is none. @post_ct: the packet went through ct() here (the key
 * keeps OVS_CS_F_TRACKED); otherwise the entry is somebody else's and the packet counts as untracked.
 * The tuple is written where key->eth_type is IP and the packet is no ND: key.h. BH off or RCU.
 */
void tn_ct_fill_key(const struct sk_buff *skb, struct tn_key *key, bool post_ct);

/* True where @state has only bits that this module knows. */
bool tn_ct_state_valid(u32 state);

#endif
