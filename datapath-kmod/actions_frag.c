// SPDX-License-Identifier: GPL-2.0
/* Output of a packet that ct() put together from fragments: it leaves in fragments again, none larger than the
 * largest that came.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "actions.h"
#include "datapath.h"
#include "vport.h"

/* What a fragment takes over from the whole packet. */
struct envelope {
	struct tn_port *port;
	u32 mac_len;
	u8 mac_proto;
	u8 mac[ETH_HLEN + 2 * VLAN_HLEN] __aligned(2);
	struct tn_skb_cb cb;
	struct sk_buff *whole;
};

/* Link header, tag and our own state onto @frag, and out. Consumes @frag. */
static void send_fragment(const struct envelope *env, struct sk_buff *frag)
{
	const struct sk_buff *whole = env->whole;

	skb_reset_network_header(frag);
	memcpy(skb_push(frag, env->mac_len), env->mac, env->mac_len);
	skb_reset_mac_header(frag);
	skb_reset_mac_len(frag);
	frag->protocol = whole->protocol;
	if (skb_vlan_tag_present(whole))
		__vlan_hwaccel_put_tag(frag, whole->vlan_proto, skb_vlan_tag_get(whole));
	*tn_cb(frag) = env->cb;
	tn_cb(frag)->mru = 0;
	tn_port_send(env->port, frag, env->mac_proto);
}

/* @skb->data at the IPv4 header, skb->cb free for IPCB. Consumes nothing. */
static int fragment_ipv4(const struct envelope *env, struct net *net, struct sk_buff *skb, u16 mru)
{
	unsigned int hlen = ip_hdrlen(skb);
	bool df = ip_hdr(skb)->frag_off & htons(IP_DF);
	struct ip_frag_state state;

	if (hlen < sizeof(struct iphdr) || mru < hlen + 8)
		return -EINVAL;
	if (hlen > sizeof(struct iphdr)) {
		/* Which options later fragments carry (RFC 791 §3.1) is known only after parsing them. */
		IPCB(skb)->opt.optlen = hlen - sizeof(struct iphdr);
		if (__ip_options_compile(net, &IPCB(skb)->opt, skb, NULL))
			return -EINVAL;
	}
	ip_frag_init(skb, hlen, env->mac_len + LL_RESERVED_SPACE(env->port->dev), mru - hlen, df, &state);
	while (state.left > 0) {
		struct sk_buff *frag = ip_frag_next(skb, &state);

		if (IS_ERR(frag))
			return PTR_ERR(frag);
		ip_send_check(ip_hdr(frag));
		send_fragment(env, frag);
	}
	return 0;
}

/* @skb->data at the IPv6 header. Consumes nothing. */
static int fragment_ipv6(const struct envelope *env, struct net *net, struct sk_buff *skb, u16 mru)
{
	struct ip6_frag_state state;
	int hlen;
	u8 *prevhdr, nexthdr;
	__be32 id;

	hlen = ip6_find_1stfragopt(skb, &prevhdr);
	if (hlen < 0)
		return hlen;
	if (mru < hlen + sizeof(struct frag_hdr) + 8)
		return -EINVAL;
	nexthdr = *prevhdr;
	id = ipv6_select_ident(net, &ipv6_hdr(skb)->daddr, &ipv6_hdr(skb)->saddr);
	ip6_frag_init(skb, hlen, mru - hlen - sizeof(struct frag_hdr), env->port->dev->needed_tailroom,
		      env->mac_len + LL_RESERVED_SPACE(env->port->dev), prevhdr, nexthdr, id, &state);
	*prevhdr = NEXTHDR_FRAGMENT;
	while (state.left > 0) {
		struct sk_buff *frag = ip6_frag_next(skb, &state);

		if (IS_ERR(frag))
			return PTR_ERR(frag);
		send_fragment(env, frag);
	}
	return 0;
}

void tn_fragment_and_send(struct net *net, struct tn_port *port, struct sk_buff *skb, u16 mru,
			  const struct tn_key *key)
{
	struct envelope env = {
		.port = port, .whole = skb, .cb = *tn_cb(skb),
		.mac_len = skb_network_offset(skb), .mac_proto = tn_key_mac_proto(key),
	};
	__be16 type = skb_network_header(skb)[0] >> 4 == 4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	int err = -EINVAL;

	if (env.mac_len > sizeof(env.mac) || tn_key_is_stale(key) || !tn_key_is_ip(key) || key->eth_type != type ||
	    mru > READ_ONCE(port->dev->mtu))
		goto drop;
	err = skb_ensure_writable(skb, env.mac_len + (type == htons(ETH_P_IP) ? ip_hdrlen(skb) :
						       sizeof(struct ipv6hdr)));
	if (err)
		goto drop;
	/* A checksum left to the device covers the whole packet: no fragment could carry that. */
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		err = skb_checksum_help(skb);
		if (err)
			goto drop;
	}
	memcpy(env.mac, skb->data, env.mac_len);
	__skb_pull(skb, env.mac_len);
	memset(skb->cb, 0, sizeof(skb->cb));
	if (type == htons(ETH_P_IP))
		err = fragment_ipv4(&env, net, skb, mru);
	else
		err = fragment_ipv6(&env, net, skb, mru);
drop:
	if (err)
		tn_drop(skb, TN_DROP_FRAG);
	else
		consume_skb(skb);
}
