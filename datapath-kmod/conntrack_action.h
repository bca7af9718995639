/* SPDX-License-Identifier: GPL-2.0 */
/* ct() as it stands in an action list, shared by the conntrack*.c files. */
#ifndef TN_CONNTRACK_ACTION_H
#define TN_CONNTRACK_ACTION_H

#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>
#include "conntrack.h"

/* Which address a new connection gets. */
enum tn_nat {
	TN_NAT_NONE,		/* ct() without nat */
	TN_NAT_KNOWN,		/* nat without arguments: only what the connection has already */
	TN_NAT_SRC,
	TN_NAT_DST,
};

struct tn_act_ct {
	struct nf_conn *tmpl;		/* zone, helper and timeout of new connections; one reference */
	struct nf_conntrack_helper *helper;	/* with a reference to its module, or NULL */
	struct nf_conntrack_zone zone;
	struct nf_nat_range2 range;
	struct ovs_key_ct_labels labels;	/* no bits outside the mask */
	struct ovs_key_ct_labels labels_mask;
	u32 mark;			/* no bits outside the mask */
	u32 mark_mask;
	u32 eventmask;
	u8 family;			/* NFPROTO_IPV4 or NFPROTO_IPV6 */
	u8 nat;				/* enum tn_nat */
	u8 commit:1, force:1, has_mark:1, has_labels:1, has_eventmask:1, has_nat_helper:1, has_address:1;
	char timeout[CTNL_TIMEOUT_NAME_MAX];	/* "": none */
};

/* A packet on its way through ct(): skb->data is at the network header. */
struct tn_ct_packet {
	struct net *net;
	struct sk_buff *skb;
	struct tn_key *key;
	const struct tn_act_ct *act;
};

/* The layer 4 header's offset from skb->data; negative: it cannot be found. Context of tn_ct_execute(). */
int tn_ct_l4_offset(const struct tn_ct_packet *p);

/* Chooses the translation of a connection that is being committed, and translates the packet; sets the bits of
 * OVS_CS_F_NAT_MASK in the key. True where addresses of the packet may have changed. *err: the packet is lost.
 * Never consumes it. conntrack_nat.c; context of tn_ct_execute().
 */
bool tn_ct_nat(const struct tn_ct_packet *p, struct nf_conn *conn, enum ip_conntrack_info info, int *err);

/* False where the zone has its limit of connections; else the packet's is counted. conntrack_limit.c; context of
 * tn_ct_execute().
 */
bool tn_ct_limit_allows(const struct tn_ct_packet *p);

/* State of a namespace's limits. Process context. */
struct tn_ct_limits *tn_ct_limits_new(void);
void tn_ct_limits_free(struct net *net, struct tn_ct_limits *limits);

#endif
