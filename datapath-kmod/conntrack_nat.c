// SPDX-License-Identifier: GPL-2.0
/* ct(nat): address translation by the kernel's nf_nat.
 *
 * nf_nat knows two manipulations, of the source and of the destination, and does on a packet what its connection and
 * its direction ask for; both are asked for in turn, as the netfilter hooks do. Context: tn_ct_execute().
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "conntrack_action.h"

/* The hook by which nf_nat tells the manipulations apart. */
static const unsigned int hook_of[] = {
	[NF_NAT_MANIP_SRC] = NF_INET_POST_ROUTING,
	[NF_NAT_MANIP_DST] = NF_INET_PRE_ROUTING,
};

static bool is_zero_address(const struct tn_act_ct *act)
{
	return act->has_address && !memchr_inv(&act->range.min_addr, 0, sizeof(act->range.min_addr));
}

/* Chooses the addresses of a new connection. NF_ACCEPT or NF_DROP. */
static unsigned int choose(const struct tn_act_ct *act, struct nf_conn *conn)
{
	unsigned int verdict = NF_ACCEPT;

	if (act->nat == TN_NAT_DST && !nf_nat_initialized(conn, NF_NAT_MANIP_DST))
		verdict = nf_nat_setup_info(conn, &act->range, NF_NAT_MANIP_DST);
	if (act->nat == TN_NAT_SRC && !nf_nat_initialized(conn, NF_NAT_MANIP_SRC) && !is_zero_address(act))
		verdict = nf_nat_setup_info(conn, &act->range, NF_NAT_MANIP_SRC);
	/* A source that stays as it is still needs a port that no other connection uses. */
	if (verdict == NF_ACCEPT && act->nat != TN_NAT_KNOWN && !nf_nat_initialized(conn, NF_NAT_MANIP_SRC))
		verdict = nf_nat_alloc_null_binding(conn, NF_INET_POST_ROUTING);
	return verdict;
}

/* True where the connection asks for @manip on packets of this direction. */
static bool wants(const struct nf_conn *conn, enum ip_conntrack_info info, enum nf_nat_manip_type manip)
{
	unsigned long bit = manip == NF_NAT_MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;

	if (CTINFO2DIR(info) == IP_CT_DIR_REPLY)
		bit ^= IPS_NAT_MASK;
	return conn->status & bit;
}

/* An ICMP error about the connection: the packet quoted in it is translated too. 1: done, 0: lost, -1: no ICMP. */
static int translate_error(const struct tn_ct_packet *p, struct nf_conn *conn, enum ip_conntrack_info info,
			   unsigned int hook)
{
	int l4;

	if (p->act->family == NFPROTO_IPV4) {
		if (ip_hdr(p->skb)->protocol != IPPROTO_ICMP)
			return -1;
		return nf_nat_icmp_reply_translation(p->skb, conn, info, hook);
	}
	if (p->key->ip.proto != IPPROTO_ICMPV6)
		return -1;
	l4 = tn_ct_l4_offset(p);
	return l4 < 0 ? 0 : nf_nat_icmpv6_reply_translation(p->skb, conn, info, hook, l4);
}

static bool translate(const struct tn_ct_packet *p, struct nf_conn *conn, enum ip_conntrack_info info,
		      enum nf_nat_manip_type manip)
{
	unsigned int hook = hook_of[manip];

	if (info == IP_CT_RELATED || info == IP_CT_RELATED_REPLY) {
		int done = translate_error(p, conn, info, hook);

		if (done >= 0)
			return done;
	}
	return nf_nat_packet(conn, info, hook, p->skb) == NF_ACCEPT;
}

bool tn_ct_nat(const struct tn_ct_packet *p, struct nf_conn *conn, enum ip_conntrack_info info, int *err)
{
	bool is_new = !nf_ct_is_confirmed(conn), changed = false;
	enum nf_nat_manip_type manip;

	/* Without commit there is nothing yet that a new connection could be translated to. */
	if (is_new && !p->act->commit)
		return false;
	if (is_new && choose(p->act, conn) != NF_ACCEPT) {
		*err = -ENOSPC;
		return false;
	}
	for (manip = NF_NAT_MANIP_SRC; manip <= NF_NAT_MANIP_DST; manip++) {
		u8 bit = manip == NF_NAT_MANIP_SRC ? OVS_CS_F_SRC_NAT : OVS_CS_F_DST_NAT;

		if (!wants(conn, info, manip) || p->key->ct_state & bit)
			continue;
		if (!translate(p, conn, info, manip)) {
			*err = -EINVAL;
			return false;
		}
		p->key->ct_state |= bit;
		changed = true;
	}
	return changed;
}
