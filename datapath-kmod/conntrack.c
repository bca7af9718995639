// SPDX-License-Identifier: GPL-2.0
/* ct(): hands packets to the kernel's connection tracking and writes what it says into the key.
 *
 * The packet carries its connection (skb->_nfct) through the rest of its actions and recirculations. It loses
 * it on the way through userspace; then the key still tells that it was tracked, and its connection is looked up
 * without the protocol's tracker seeing the packet twice.
 *
 * Context of all functions but those for namespaces: BH off, RCU read side.
 */
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include "conntrack_action.h"
#include "datapath.h"

#define LABEL_WORDS	(OVS_CT_LABELS_LEN / sizeof(u32))

/* --- the key ------------------------------------------------------------------------------------------------ */

static u8 state_of(const struct nf_conn *conn, enum ip_conntrack_info info)
{
	u8 state = OVS_CS_F_TRACKED;

	if (!conn)
		return state | OVS_CS_F_INVALID;
	if (CTINFO2DIR(info) == IP_CT_DIR_REPLY)
		state |= OVS_CS_F_REPLY_DIR;
	switch (info) {
	case IP_CT_ESTABLISHED:
	case IP_CT_ESTABLISHED_REPLY:
		state |= OVS_CS_F_ESTABLISHED;
		break;
	case IP_CT_RELATED:
	case IP_CT_RELATED_REPLY:
		state |= OVS_CS_F_RELATED;
		break;
	case IP_CT_NEW:
		state |= OVS_CS_F_NEW;
		break;
	default:
		break;
	}
	/* Nothing is established before it is committed; what was expected stays related for life. */
	if (!nf_ct_is_confirmed(conn))
		state |= OVS_CS_F_NEW;
	if (conn->master)
		state |= OVS_CS_F_RELATED;
	return state;
}

static void get_labels(const struct nf_conn *conn, struct ovs_key_ct_labels *labels)
{
	const struct nf_conn_labels *found = conn ? nf_ct_labels_find(conn) : NULL;

	if (found)
		memcpy(labels, found->bits, sizeof(*labels));
	else
		memset(labels, 0, sizeof(*labels));
}

/* The first tuple of a connection. Where ICMP, type and code are the ports. */
static void fill_tuple(const struct nf_conn *conn, struct tn_key *key)
{
	const struct nf_conntrack_tuple *tuple = nf_ct_tuple(conn, IP_CT_DIR_ORIGINAL);
	__be16 src = tuple->src.u.all, dst = tuple->dst.u.all;

	if (tuple->dst.protonum == IPPROTO_ICMP || tuple->dst.protonum == IPPROTO_ICMPV6) {
		src = htons(tuple->dst.u.icmp.type);
		dst = htons(tuple->dst.u.icmp.code);
	}
	if (key->eth_type == htons(ETH_P_IP) && nf_ct_l3num(conn) == NFPROTO_IPV4) {
		key->ipv4.ct_orig.src = tuple->src.u3.ip;
		key->ipv4.ct_orig.dst = tuple->dst.u3.ip;
		key->ipv4.ct_orig.tp_src = src;
		key->ipv4.ct_orig.tp_dst = dst;
		key->ct_orig_proto = tuple->dst.protonum;
	} else if (key->eth_type == htons(ETH_P_IPV6) && nf_ct_l3num(conn) == NFPROTO_IPV6) {
		key->ipv6.ct_orig.src = tuple->src.u3.in6;
		key->ipv6.ct_orig.dst = tuple->dst.u3.in6;
		key->ipv6.ct_orig.tp_src = src;
		key->ipv6.ct_orig.tp_dst = dst;
		key->ct_orig_proto = tuple->dst.protonum;
	}
}

static void clear_tuple(struct tn_key *key)
{
	key->ct_orig_proto = 0;
	if (key->eth_type == htons(ETH_P_IP))
		memset(&key->ipv4.ct_orig, 0, sizeof(key->ipv4.ct_orig));
	else if (key->eth_type == htons(ETH_P_IPV6) && !tn_key_is_nd(key))
		memset(&key->ipv6.ct_orig, 0, sizeof(key->ipv6.ct_orig));
}

void tn_ct_fill_key(const struct sk_buff *skb, struct tn_key *key, bool post_ct)
{
	u8 nat = post_ct ? key->ct_state & OVS_CS_F_NAT_MASK : 0;
	enum ip_conntrack_info info;
	const struct nf_conn *conn = nf_ct_get(skb, &info);

	if (conn && nf_ct_is_template(conn))
		conn = NULL;
	key->ct_state = post_ct ? state_of(conn, info) | nat : 0;
	key->ct_zone = conn ? nf_ct_zone(conn)->id : 0;
	key->ct_mark = conn ? READ_ONCE(conn->mark) : 0;
	get_labels(conn, &key->ct_labels);
	clear_tuple(key);
	if (conn && !tn_key_is_nd(key))
		fill_tuple(conn->master ?: conn, key);
}

bool tn_ct_state_valid(u32 state)
{
	return !(state & ~(OVS_CS_F_NEW | OVS_CS_F_ESTABLISHED | OVS_CS_F_RELATED | OVS_CS_F_REPLY_DIR |
			   OVS_CS_F_INVALID | OVS_CS_F_TRACKED | OVS_CS_F_NAT_MASK));
}

void tn_ct_clear(struct sk_buff *skb, struct tn_key *key)
{
	if (skb_nfct(skb))
		nf_reset_ct(skb);
	key->ct_state = 0;
	key->ct_zone = 0;
	key->ct_mark = 0;
	memset(&key->ct_labels, 0, sizeof(key->ct_labels));
	if (!tn_key_is_stale(key))
		clear_tuple(key);
	else
		key->ct_orig_proto = 0;
}

/* --- the packet --------------------------------------------------------------------------------------------- */

int tn_ct_l4_offset(const struct tn_ct_packet *p)
{
	const struct sk_buff *skb = p->skb;
	unsigned int nh = skb_network_offset(skb);
	__be16 frag;
	u8 next;

	if (p->act->family == NFPROTO_IPV4)
		return nh + ip_hdrlen(skb);
	next = ipv6_hdr(skb)->nexthdr;
	return ipv6_skip_exthdr(skb, nh + sizeof(struct ipv6hdr), &next, &frag);
}

/* Padding of short frames is no payload: trackers check lengths. */
static int trim_padding(const struct tn_ct_packet *p)
{
	struct sk_buff *skb = p->skb;
	unsigned int len;

	if (skb_is_gso(skb))
		return 0;
	if (p->act->family == NFPROTO_IPV4) {
		if (!pskb_may_pull(skb, sizeof(struct iphdr)))
			return -EINVAL;
		len = ntohs(ip_hdr(skb)->tot_len);
	} else {
		if (!pskb_may_pull(skb, sizeof(struct ipv6hdr)))
			return -EINVAL;
		len = ntohs(ipv6_hdr(skb)->payload_len);
		if (len)	/* 0: a jumbogram tells elsewhere */
			len += sizeof(struct ipv6hdr);
	}
	return len && len < skb->len ? pskb_trim_rcsum(skb, len) : 0;
}

/* Keeps a fragment or completes the packet. 0: complete; -EINPROGRESS: kept; else an error. The packet is
 * consumed unless 0 comes back. The code that does it uses skb->cb.
 */
static int reassemble(const struct tn_ct_packet *p)
{
	struct sk_buff *skb = p->skb;
	struct tn_skb_cb cb = *tn_cb(skb);
	int err;

	if (!skb->dev)
		skb->dev = p->net->loopback_dev;
	memset(skb->cb, 0, sizeof(skb->cb));
	if (p->act->family == NFPROTO_IPV4) {
		err = ip_defrag(p->net, skb, IP_DEFRAG_CONNTRACK_IN + p->act->zone.id);
		if (err)
			return err;
		cb.mru = IPCB(skb)->frag_max_size;
	} else {
		err = nf_ct_frag6_gather(p->net, skb, IP6_DEFRAG_CONNTRACK_IN + p->act->zone.id);
		if (err) {
			if (err != -EINPROGRESS)
				kfree_skb(skb);
			return err;
		}
		cb.mru = IP6CB(skb)->frag_max_size;
	}
	*tn_cb(skb) = cb;
	skb_clear_hash(skb);
	return 0;
}

/* --- the connection ----------------------------------------------------------------------------------------- */

/* Puts the connection on the packet that an earlier ct() in this zone gave it, before it went to userspace. */
static void find_again(const struct tn_ct_packet *p)
{
	struct nf_conntrack_tuple tuple, mapped;
	struct nf_conntrack_tuple_hash *hash;
	enum ip_conntrack_info info;
	u8 state = p->key->ct_state;
	struct nf_conn *conn;
	bool reply;

	if (!(state & OVS_CS_F_TRACKED) || state & (OVS_CS_F_INVALID | OVS_CS_F_NEW | OVS_CS_F_RELATED) ||
	    p->key->ct_zone != p->act->zone.id)
		return;
	if (!nf_ct_get_tuplepr(p->skb, skb_network_offset(p->skb), p->act->family, p->net, &tuple))
		return;
	/* A translated packet looks like the other direction seen from the far end. */
	if (state & OVS_CS_F_NAT_MASK) {
		if (!nf_ct_invert_tuple(&mapped, &tuple))
			return;
		tuple = mapped;
	}
	hash = nf_conntrack_find_get(p->net, &p->act->zone, &tuple);
	if (!hash)
		return;
	conn = nf_ct_tuplehash_to_ctrack(hash);
	reply = (NF_CT_DIRECTION(hash) == IP_CT_DIR_REPLY) != !!(state & OVS_CS_F_NAT_MASK);
	if (reply)
		info = IP_CT_ESTABLISHED_REPLY;
	else
		info = test_bit(IPS_SEEN_REPLY_BIT, &conn->status) ? IP_CT_ESTABLISHED : IP_CT_NEW;
	nf_ct_set(p->skb, conn, info);
}

/* True where the packet carries the connection that this ct() is about. */
static bool has_connection(const struct tn_ct_packet *p)
{
	const struct tn_act_ct *act = p->act;
	enum ip_conntrack_info info;
	struct nf_conn *conn = nf_ct_get(p->skb, &info);

	if (!conn) {
		find_again(p);
		conn = nf_ct_get(p->skb, &info);
	}
	if (!conn || nf_ct_is_template(conn) || nf_ct_is_dying(conn) || !net_eq(nf_ct_net(conn), p->net) ||
	    nf_ct_zone(conn)->id != act->zone.id)
		return false;
	if (!nf_ct_is_confirmed(conn) && !conn->master) {
		/* Helper and timeout are given at birth: one that lacks them is born again (an expected one was
		 * given what its expectation said, and could not be).
		 */
		const struct nf_conn_help *help = nfct_help(conn);

		return (!act->helper || (help && rcu_access_pointer(help->helper) == act->helper)) &&
		       (!act->timeout[0] || nf_ct_timeout_find(conn));
	}
	return true;
}

/* The connection for which a helper expects one with this tuple, held; NULL where it expects none. */
static struct nf_conn *expecting(const struct tn_ct_packet *p, const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_expect *exp = __nf_ct_expect_find(p->net, &p->act->zone, tuple);

	if (!exp || !refcount_inc_not_zero(&exp->master->ct_general.use))
		return NULL;
	/* Expectations go before their connection, whose memory may be another's at once. */
	if (__nf_ct_expect_find(p->net, &p->act->zone, tuple) == exp)
		return exp->master;
	nf_ct_put(exp->master);
	return NULL;
}

/* True where the packet begins a connection that a helper expects. The tracker would use the expectation up, for a
 * connection that ends with this packet if it is not committed before it goes to userspace. So the key says what it would
 * say of that connection, and the packet carries none.
 */
static bool is_expected(const struct tn_ct_packet *p)
{
	struct nf_conntrack_tuple_hash *standing;
	struct nf_conntrack_tuple tuple;
	struct nf_conn *master;

	if (!nf_ct_get_tuplepr(p->skb, skb_network_offset(p->skb), p->act->family, p->net, &tuple))
		return false;
	master = expecting(p, &tuple);
	if (!master)
		return false;
	standing = nf_conntrack_find_get(p->net, &p->act->zone, &tuple);
	if (standing) {
		nf_ct_put(nf_ct_tuplehash_to_ctrack(standing));
		nf_ct_put(master);
		return false;
	}
	nf_reset_ct(p->skb);
	p->key->ct_state = OVS_CS_F_TRACKED | OVS_CS_F_NEW | OVS_CS_F_RELATED;
	p->key->ct_zone = p->act->zone.id;
	p->key->ct_mark = READ_ONCE(master->mark);
	get_labels(master, &p->key->ct_labels);
	clear_tuple(p->key);
	if (!tn_key_is_nd(p->key))
		fill_tuple(master, p->key);
	nf_ct_put(master);
	return true;
}

/* Out-of-window segments are for whoever matches on states to judge, not for the tracker to call invalid. */
static void be_liberal(struct nf_conn *conn)
{
	spin_lock(&conn->lock);
	nf_ct_set_tcp_be_liberal(conn);
	spin_unlock(&conn->lock);
}

/* Forgets the committed connection whose reply the packet is; true where there was one. */
static bool delete_if_reply(const struct tn_ct_packet *p)
{
	enum ip_conntrack_info info;
	struct nf_conn *conn = nf_ct_get(p->skb, &info);

	if (!conn || !nf_ct_is_confirmed(conn) || CTINFO2DIR(info) != IP_CT_DIR_REPLY)
		return false;
	nf_ct_delete(conn, 0, 0);
	return true;
}

/* Gives the packet to the tracker. */
static int track(const struct tn_ct_packet *p)
{
	struct nf_hook_state state = {
		.hook = NF_INET_PRE_ROUTING, .pf = p->act->family, .net = p->net,
	};

	nf_reset_ct(p->skb);
	nf_conntrack_get(&p->act->tmpl->ct_general);
	nf_ct_set(p->skb, p->act->tmpl, IP_CT_NEW);
	return nf_conntrack_in(p->skb, &state) == NF_ACCEPT ? 0 : -ENOENT;
}

static void set_mark(const struct tn_ct_packet *p, struct nf_conn *conn)
{
	u32 mark = (READ_ONCE(conn->mark) & ~p->act->mark_mask) | p->act->mark;

	if (conn->mark != mark) {
		WRITE_ONCE(conn->mark, mark);
		if (nf_ct_is_confirmed(conn))
			nf_conntrack_event_cache(IPCT_MARK, conn);
	}
	p->key->ct_mark = mark;
}

/* The labels of a new connection, which nobody else sees yet. A related one starts with its master's. */
static int set_new_labels(const struct tn_ct_packet *p, struct nf_conn *conn)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(conn);
	struct ovs_key_ct_labels now;
	unsigned int i;

	get_labels(conn->master, &now);
	if (!p->act->has_labels && !memchr_inv(&now, 0, sizeof(now)))
		return 0;
	if (!labels)
		labels = nf_ct_labels_ext_add(conn);
	if (!labels)
		return -ENOSPC;
	for (i = 0; p->act->has_labels && i < LABEL_WORDS; i++)
		now.ct_labels_32[i] = (now.ct_labels_32[i] & ~p->act->labels_mask.ct_labels_32[i]) |
				      p->act->labels.ct_labels_32[i];
	memcpy(labels->bits, &now, sizeof(now));
	nf_conntrack_event_cache(IPCT_LABEL, conn);
	return 0;
}

static int set_labels(const struct tn_ct_packet *p, struct nf_conn *conn)
{
	int err;

	if (!nf_ct_is_confirmed(conn))
		err = set_new_labels(p, conn);
	else
		err = p->act->has_labels ? nf_connlabels_replace(conn, p->act->labels.ct_labels_32,
								 p->act->labels_mask.ct_labels_32, LABEL_WORDS) : 0;
	if (!err)
		get_labels(conn, &p->key->ct_labels);
	return err;
}

/* What commit does before the connection becomes known. */
static int prepare_commit(const struct tn_ct_packet *p, struct nf_conn *conn)
{
	struct nf_conntrack_ecache *events;

	if (!nf_ct_is_confirmed(conn)) {
		if (!tn_ct_limit_allows(p))
			return -ENOMEM;
		events = p->act->has_eventmask ? nf_ct_ecache_find(conn) : NULL;
		if (events)
			events->ctmask = p->act->eventmask;
	}
	if (p->act->has_mark)
		set_mark(p, conn);
	return set_labels(p, conn);
}

/* Tracks, translates, commits: skb->data is at the network header. *changed: the addresses may have. Never consumes
 * the packet.
 */
static int process(const struct tn_ct_packet *p, bool *changed)
{
	bool commit = p->act->commit, seen = has_connection(p);
	enum ip_conntrack_info info;
	struct nf_conn *conn;
	int err = 0, l4;

	if (!seen && !commit && is_expected(p))
		return 0;
	if (!seen)
		err = track(p);
	if (!err && p->act->force && delete_if_reply(p)) {
		seen = false;
		err = track(p);
	}
	if (!seen)
		p->key->ct_state = 0;
	if (err)
		return err;
	tn_ct_fill_key(p->skb, p->key, true);
	conn = nf_ct_get(p->skb, &info);
	if (!conn) {
		p->key->ct_zone = p->act->zone.id;
		return 0;
	}
	if (p->act->nat != TN_NAT_NONE)
		*changed = tn_ct_nat(p, conn, info, &err);
	if (!err && commit)
		err = prepare_commit(p, conn);
	if (err)
		return err;
	/* The helper reads each packet once, and that of a new connection when it is committed. */
	if (nf_ct_is_confirmed(conn) ? seen : !commit)
		return 0;
	l4 = tn_ct_l4_offset(p);
	if (l4 < 0)
		return -EINVAL;
	if (nfct_help(conn))
		*changed = true;	/* it may rewrite the payload too */
	if (nf_confirm(p->skb, l4, conn, info) != NF_ACCEPT)
		return -EINVAL;
	if (commit && nf_ct_protonum(conn) == IPPROTO_TCP)
		be_liberal(conn);
	return 0;
}

int tn_ct_execute(struct net *net, struct sk_buff *skb, struct tn_key *key, const struct tn_act *act)
{
	struct tn_ct_packet p = { .net = net, .skb = skb, .key = key, .act = (const void *)act->data };
	bool changed = false;
	__be16 type = p.act->family == NFPROTO_IPV4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	int err = -EPROTO;

	if (unlikely(key->eth_type != type))
		goto drop;
	skb_pull_rcsum(skb, skb_network_offset(skb));
	err = trim_padding(&p);
	if (err)
		goto drop;
	if (unlikely(key->ip.frag != OVS_FRAG_TYPE_NONE)) {
		err = reassemble(&p);
		if (err)
			return err;
		err = tn_key_refresh_l3(skb, key);
		if (err)
			goto drop;
	}
	err = process(&p, &changed);
	skb_push_rcsum(skb, skb_network_header(skb) - skb_mac_header(skb));
	if (!err && changed)
		err = tn_key_refresh_l3(skb, key);
	if (!err)
		return 0;
drop:
	tn_drop(skb, TN_DROP_CT);
	return err;
}

/* --- namespaces; process context ---------------------------------------------------------------------------- */

int tn_ct_net_init(struct net *net)
{
	struct tn_ct_limits *limits = tn_ct_limits_new();
	int err;

	if (!limits)
		return -ENOMEM;
	err = nf_connlabels_get(net, OVS_CT_LABELS_LEN * BITS_PER_BYTE - 1);
	if (err) {
		tn_ct_limits_free(net, limits);
		return err;
	}
	tn_net(net)->ct_limits = limits;
	return 0;
}

void tn_ct_net_exit(struct net *net)
{
	nf_connlabels_put(net);
	tn_ct_limits_free(net, tn_net(net)->ct_limits);
}
