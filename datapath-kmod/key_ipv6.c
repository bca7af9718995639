// SPDX-License-Identifier: GPL-2.0
/* The rarer parts of IPv6: extension headers and Neighbor Discovery. */
#include <linux/etherdevice.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "key_parse.h"

/* OpenFlow 1.3 §A.2.3.8, the bits of OVS_KEY_ATTR_IPV6_EXTHDRS. */
enum {
	EXT_NONEXT = BIT(0), EXT_ESP = BIT(1), EXT_AUTH = BIT(2), EXT_DEST = BIT(3), EXT_FRAG = BIT(4),
	EXT_ROUTER = BIT(5), EXT_HOP = BIT(6), EXT_UNREP = BIT(7), EXT_UNSEQ = BIT(8),
};

/* Adds one extension header to the set seen; RFC 8200 §4.1 recommends the order. */
static void note_exthdr(u16 *seen, u16 which, u16 after, bool last_of_kind)
{
	if (*seen & which)
		*seen |= last_of_kind ? EXT_UNREP : 0;
	if (*seen & after)
		*seen |= EXT_UNSEQ;
	*seen |= which;
}

int tn_walk_exthdrs(struct sk_buff *skb, struct tn_key *key, unsigned int *at, u8 *next)
{
	u16 *seen = &key->ipv6.exthdrs;
	unsigned int n_dest = 0;
	const u8 *hdr;
	int err;

	for (;;) {
		unsigned int len;

		switch (*next) {
		case NEXTHDR_HOP:
			note_exthdr(seen, EXT_HOP, EXT_DEST | EXT_ROUTER | EXT_FRAG | EXT_AUTH | EXT_ESP, true);
			break;
		case NEXTHDR_DEST:
			/* once before a routing header and once at the end */
			note_exthdr(seen, EXT_DEST, *seen & EXT_DEST ? 0 : EXT_ESP, ++n_dest > 2);
			break;
		case NEXTHDR_ROUTING:
			note_exthdr(seen, EXT_ROUTER, EXT_FRAG | EXT_AUTH | EXT_ESP, true);
			break;
		case NEXTHDR_FRAGMENT:
			note_exthdr(seen, EXT_FRAG, EXT_AUTH | EXT_ESP, true);
			break;
		case NEXTHDR_AUTH:
			note_exthdr(seen, EXT_AUTH, EXT_ESP, true);
			break;
		case NEXTHDR_ESP:
			note_exthdr(seen, EXT_ESP, 0, true);
			return 1;
		case NEXTHDR_NONE:
			*seen |= EXT_NONEXT;
			return 1;
		default:
			return 1;
		}
		err = pull(skb, *at + 8);
		if (err <= 0)
			return err;
		hdr = skb->data + *at;
		len = *next == NEXTHDR_AUTH ? (hdr[1] + 2) * 4 : (hdr[1] + 1) * 8;
		if (*next == NEXTHDR_FRAGMENT) {
			__be16 off = ((const struct frag_hdr *)hdr)->frag_off;

			len = sizeof(struct frag_hdr);
			if (off & htons(IP6_OFFSET)) {
				key->ip.frag = OVS_FRAG_TYPE_LATER;
				*next = NEXTHDR_FRAGMENT;
				*at += len;
				return 1;
			}
			if (off & htons(IP6_MF))
				key->ip.frag = OVS_FRAG_TYPE_FIRST;	/* else atomic: whole */
		}
		*next = hdr[0];
		*at += len;
		if (*at > skb->len)
			return 0;
	}
}

int tn_parse_nd(struct sk_buff *skb, struct tn_key *key, unsigned int at)
{
	unsigned int end = skb->len;
	const struct nd_msg *nd;
	int err;

	if (end - at < sizeof(*nd))
		return 0;
	err = pull(skb, end);
	if (err <= 0)
		return err;
	nd = (const struct nd_msg *)(skb->data + at);
	key->ipv6.nd.target = nd->target;
	for (at += sizeof(*nd); end - at >= 8;) {
		const struct nd_opt_hdr *opt = (const struct nd_opt_hdr *)(skb->data + at);
		unsigned int len = opt->nd_opt_len * 8;
		u8 *mac = NULL;

		if (!len || len > end - at)
			return 0;
		if (len == 8 && opt->nd_opt_type == ND_OPT_SOURCE_LL_ADDR)
			mac = key->ipv6.nd.sll;
		else if (len == 8 && opt->nd_opt_type == ND_OPT_TARGET_LL_ADDR)
			mac = key->ipv6.nd.tll;
		if (mac && !is_zero_ether_addr(mac)) {
			memset(&key->ipv6.nd, 0, sizeof(key->ipv6.nd));	/* given twice */
			return 0;
		}
		if (mac)
			ether_addr_copy(mac, (const u8 *)(opt + 1));
		at += len;
	}
	return 0;
}
