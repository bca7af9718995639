// SPDX-License-Identifier: GPL-2.0
/* Keys and masks into OVS_KEY_ATTR_*. Tools print the attributes in the order in which they come, so the order
 * is the stock module's. Any context with RCU; nonzero where the message has no room.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>

#include "nl_key.h"

/* @key says which attributes there are, @out has their values (the key itself, or its mask). */
struct put {
	struct sk_buff *msg;
	const struct tn_key *key, *out;
	bool is_mask;
};

static int put_ct(const struct put *p)
{
	const struct tn_key *out = p->out;

	if (nla_put_u32(p->msg, OVS_KEY_ATTR_CT_STATE, out->ct_state) ||
	    nla_put_u16(p->msg, OVS_KEY_ATTR_CT_ZONE, out->ct_zone) ||
	    nla_put_u32(p->msg, OVS_KEY_ATTR_CT_MARK, out->ct_mark) ||
	    nla_put(p->msg, OVS_KEY_ATTR_CT_LABELS, sizeof(out->ct_labels), &out->ct_labels))
		return -EMSGSIZE;
	if (!p->key->ct_orig_proto)
		return 0;
	if (p->key->eth_type == htons(ETH_P_IP)) {
		struct ovs_key_ct_tuple_ipv4 t;

		memset(&t, 0, sizeof(t));
		t.ipv4_src = out->ipv4.ct_orig.src;
		t.ipv4_dst = out->ipv4.ct_orig.dst;
		t.src_port = out->ipv4.ct_orig.tp_src;
		t.dst_port = out->ipv4.ct_orig.tp_dst;
		t.ipv4_proto = out->ct_orig_proto;
		return nla_put(p->msg, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV4, sizeof(t), &t);
	}
	if (p->key->eth_type == htons(ETH_P_IPV6)) {
		struct ovs_key_ct_tuple_ipv6 t;

		memset(&t, 0, sizeof(t));
		memcpy(t.ipv6_src, &out->ipv6.ct_orig.src, sizeof(t.ipv6_src));
		memcpy(t.ipv6_dst, &out->ipv6.ct_orig.dst, sizeof(t.ipv6_dst));
		t.src_port = out->ipv6.ct_orig.tp_src;
		t.dst_port = out->ipv6.ct_orig.tp_dst;
		t.ipv6_proto = out->ct_orig_proto;
		return nla_put(p->msg, OVS_KEY_ATTR_CT_ORIG_TUPLE_IPV6, sizeof(t), &t);
	}
	return 0;
}

static int put_tunnel(const struct put *p)
{
	struct ip_tunnel_key tun = p->out->tun;
	struct nlattr *nest;
	int err;

	if (!p->key->tun_proto && !p->is_mask)
		return 0;
	nest = nla_nest_start_noflag(p->msg, OVS_KEY_ATTR_TUNNEL);
	if (!nest)
		return -EMSGSIZE;
	if (p->is_mask)	/* the kind of options is the key's */
		tun.tun_flags |= p->key->tun.tun_flags & TUNNEL_OPTIONS_PRESENT;
	err = tn_nl_put_tunnel(p->msg, &tun, p->key->tun_proto ?: AF_INET, p->out->tun_opts,
			       p->out->tun_opts_len ? p->key->tun_opts_len : 0);
	if (err)
		return err;
	nla_nest_end(p->msg, nest);
	return 0;
}

static int put_metadata(const struct put *p)
{
	const struct tn_key *out = p->out;
	int err;

	if (nla_put_u32(p->msg, OVS_KEY_ATTR_RECIRC_ID, out->recirc_id) ||
	    nla_put_u32(p->msg, OVS_KEY_ATTR_DP_HASH, out->dp_hash) ||
	    nla_put_u32(p->msg, OVS_KEY_ATTR_PRIORITY, out->priority))
		return -EMSGSIZE;
	err = put_tunnel(p);
	if (err)
		return err;
	if ((p->key->in_port != TN_NO_PORT || p->is_mask) &&
	    nla_put_u32(p->msg, OVS_KEY_ATTR_IN_PORT, out->in_port))
		return -EMSGSIZE;
	if (nla_put_u32(p->msg, OVS_KEY_ATTR_SKB_MARK, out->skb_mark))
		return -EMSGSIZE;
	return put_ct(p);
}

static int put_ipv4(const struct put *p)
{
	const struct tn_key *out = p->out;
	struct ovs_key_ipv4 ip = {
		out->ipv4.src, out->ipv4.dst, out->ip.proto, out->ip.tos, out->ip.ttl, out->ip.frag,
	};

	return nla_put(p->msg, OVS_KEY_ATTR_IPV4, sizeof(ip), &ip);
}

static int put_ipv6(const struct put *p)
{
	const struct tn_key *out = p->out;
	struct ovs_key_ipv6 ip = {
		.ipv6_label = out->ipv6.label, .ipv6_proto = out->ip.proto, .ipv6_tclass = out->ip.tos,
		.ipv6_hlimit = out->ip.ttl, .ipv6_frag = out->ip.frag,
	};

	memcpy(ip.ipv6_src, &out->ipv6.src, sizeof(ip.ipv6_src));
	memcpy(ip.ipv6_dst, &out->ipv6.dst, sizeof(ip.ipv6_dst));
	return nla_put(p->msg, OVS_KEY_ATTR_IPV6, sizeof(ip), &ip) ||
	       nla_put(p->msg, OVS_KEY_ATTR_IPV6_EXTHDRS, sizeof(out->ipv6.exthdrs), &out->ipv6.exthdrs);
}

static int put_arp(const struct put *p)
{
	const struct tn_key *out = p->out;
	struct ovs_key_arp arp;

	memset(&arp, 0, sizeof(arp));
	arp.arp_sip = out->ipv4.src;
	arp.arp_tip = out->ipv4.dst;
	arp.arp_op = htons(out->ip.proto);
	ether_addr_copy(arp.arp_sha, out->ipv4.arp.sha);
	ether_addr_copy(arp.arp_tha, out->ipv4.arp.tha);
	return nla_put(p->msg, OVS_KEY_ATTR_ARP, sizeof(arp), &arp);
}

static int put_nsh(const struct put *p)
{
	struct nlattr *nest = nla_nest_start_noflag(p->msg, OVS_KEY_ATTR_NSH);
	const struct tn_key_nsh *nsh = &p->out->nsh;

	if (!nest || nla_put(p->msg, OVS_NSH_KEY_ATTR_BASE, sizeof(nsh->base), &nsh->base) ||
	    (p->key->nsh.base.mdtype == 1 &&
	     nla_put(p->msg, OVS_NSH_KEY_ATTR_MD1, sizeof(nsh->context), nsh->context)))
		return -EMSGSIZE;
	nla_nest_end(p->msg, nest);
	return 0;
}

static int put_nd(const struct put *p)
{
	struct ovs_key_nd nd;

	memcpy(nd.nd_target, &p->out->ipv6.nd.target, sizeof(nd.nd_target));
	ether_addr_copy(nd.nd_sll, p->out->ipv6.nd.sll);
	ether_addr_copy(nd.nd_tll, p->out->ipv6.nd.tll);
	return nla_put(p->msg, OVS_KEY_ATTR_ND, sizeof(nd), &nd);
}

static int put_l4(const struct put *p)
{
	unsigned int attr = tn_nl_l4_attr(p->key);
	const struct tn_key *out = p->out;
	struct ovs_key_icmp icmp;

	switch (attr) {
	case OVS_KEY_ATTR_TCP:
		return nla_put(p->msg, attr, sizeof(out->tp), &out->tp) ||
		       nla_put_be16(p->msg, OVS_KEY_ATTR_TCP_FLAGS, out->tcp_flags);
	case OVS_KEY_ATTR_UDP:
	case OVS_KEY_ATTR_SCTP:
		return nla_put(p->msg, attr, sizeof(out->tp), &out->tp);
	case OVS_KEY_ATTR_ICMP:
	case OVS_KEY_ATTR_ICMPV6:
		icmp.icmp_type = ntohs(out->tp.src);
		icmp.icmp_code = ntohs(out->tp.dst);
		return nla_put(p->msg, attr, sizeof(icmp), &icmp) || (tn_key_is_nd(p->key) && put_nd(p));
	default:
		return 0;
	}
}

/* Layers 3 and 4. Nonzero: no room. */
static int put_l3(const struct put *p)
{
	switch (tn_nl_l3_attr(p->key)) {
	case OVS_KEY_ATTR_IPV4:
		return put_ipv4(p) || put_l4(p);
	case OVS_KEY_ATTR_IPV6:
		return put_ipv6(p) || put_l4(p);
	case OVS_KEY_ATTR_ARP:
		return put_arp(p);
	case OVS_KEY_ATTR_MPLS:
		return nla_put(p->msg, OVS_KEY_ATTR_MPLS,
			       hweight32(p->key->mpls.depth_mask) * sizeof(__be32), p->out->mpls.lse);
	case OVS_KEY_ATTR_NSH:
		return put_nsh(p);
	default:
		return 0;
	}
}

static int put_l2(const struct put *p)
{
	struct ovs_key_ethernet eth;

	if ((p->key->mac_proto & ~TN_MAC_STALE) != TN_MAC_ETHERNET)
		return 0;
	ether_addr_copy(eth.eth_src, p->out->eth_src);
	ether_addr_copy(eth.eth_dst, p->out->eth_dst);
	return nla_put(p->msg, OVS_KEY_ATTR_ETHERNET, sizeof(eth), &eth);
}

/* Opens the nest behind a tag. */
static struct nlattr *put_tag(const struct put *p, const struct tn_vlan *of, const struct tn_vlan *tag)
{
	if (nla_put_be16(p->msg, OVS_KEY_ATTR_ETHERTYPE, p->is_mask ? tag->tpid : of->tpid) ||
	    nla_put_be16(p->msg, OVS_KEY_ATTR_VLAN, tag->tci))
		return NULL;
	return nla_nest_start_noflag(p->msg, OVS_KEY_ATTR_ENCAP);
}

/* The type, its tags around it, and what is behind it. */
static int put_tagged(const struct put *p)
{
	struct nlattr *nest[2] = { NULL, NULL };
	int err = 0;

	if (p->key->vlan.tpid) {
		nest[0] = put_tag(p, &p->key->vlan, &p->out->vlan);
		if (!nest[0])
			return -EMSGSIZE;
		if (p->key->cvlan.tpid) {
			nest[1] = put_tag(p, &p->key->cvlan, &p->out->cvlan);
			if (!nest[1])
				return -EMSGSIZE;
		}
	}
	if (p->key->eth_type == htons(ETH_P_802_2)) {	/* said by the attribute's absence */
		if (p->is_mask && p->out->eth_type)
			err = nla_put_be16(p->msg, OVS_KEY_ATTR_ETHERTYPE, htons(0xffff));
	} else {
		err = nla_put_be16(p->msg, OVS_KEY_ATTR_ETHERTYPE, p->out->eth_type);
		if (!err && eth_type_vlan(p->key->eth_type) && !p->key->cvlan.tpid)	/* a tag cut short */
			err = nla_put_be16(p->msg, OVS_KEY_ATTR_VLAN, 0) ||
			      nla_put(p->msg, OVS_KEY_ATTR_ENCAP, 0, NULL);
		else if (!err)	/* nothing is behind the type of a third tag */
			err = put_l3(p);
	}
	if (err)
		return -EMSGSIZE;
	if (nest[1])
		nla_nest_end(p->msg, nest[1]);
	if (nest[0])
		nla_nest_end(p->msg, nest[0]);
	return 0;
}

int tn_nl_put_key(struct sk_buff *msg, int type, const struct tn_key *key, const struct tn_key *mask)
{
	struct put p = { .msg = msg, .key = key, .out = mask ?: key, .is_mask = mask };
	struct nlattr *nest = nla_nest_start_noflag(msg, type);

	if (!nest || put_metadata(&p) || put_l2(&p) || put_tagged(&p)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}
