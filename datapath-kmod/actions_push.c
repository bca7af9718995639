// SPDX-License-Identifier: GPL-2.0
/* Actions that add or remove a header: VLAN, Ethernet, MPLS, NSH. The key follows where that is cheap, else it
 * is marked stale.
 *
 * Context of every function: BH off, RCU read side, skb->data at the MAC header. Consumes nothing.
 */
#include <linux/if_vlan.h>
#include <net/nsh.h>
#include "actions.h"

/* The packet has no Ethernet header any more (or has one again); its headers must be read anew. */
static void set_mac_proto(struct tn_key *key, u8 mac_proto)
{
	key->mac_proto = mac_proto | TN_MAC_STALE;
}

/* The packet starts with an Ethernet header now, if it is long enough; who sends it relies on that being linear. */
static int uncover_ethernet(struct sk_buff *skb, struct tn_key *key)
{
	if (!pskb_may_pull(skb, ETH_HLEN))
		return -EINVAL;
	set_mac_proto(key, TN_MAC_ETHERNET);
	return 0;
}

static bool has_ethernet(const struct tn_key *key)
{
	return tn_key_mac_proto(key) == TN_MAC_ETHERNET;
}

int tn_push_vlan(struct sk_buff *skb, struct tn_key *key, u32 tpid_tci)
{
	__be16 tpid = htons(tpid_tci >> 16);
	u16 tci = tpid_tci;
	int err = skb_vlan_push(skb, tpid, tci & ~VLAN_CFI_MASK);

	if (err)
		return err;
	if (unlikely(key->cvlan.tpid))	/* the third tag is the type of the key that has two */
		tn_key_make_stale(key);
	key->cvlan = key->vlan;
	key->vlan.tpid = tpid;
	key->vlan.tci = htons(tci | VLAN_CFI_MASK);
	return 0;
}

int tn_pop_vlan(struct sk_buff *skb, struct tn_key *key)
{
	int err = skb_vlan_pop(skb);

	if (err)
		return err;
	if (unlikely(key->cvlan.tpid))	/* there may be a third */
		tn_key_make_stale(key);
	key->vlan = key->cvlan;
	memset(&key->cvlan, 0, sizeof(key->cvlan));
	return 0;
}

int tn_push_eth(struct sk_buff *skb, struct tn_key *key, const struct ovs_action_push_eth *act)
{
	int err = skb_eth_push(skb, act->addresses.eth_dst, act->addresses.eth_src);

	if (!err)
		set_mac_proto(key, TN_MAC_ETHERNET);
	return err;
}

int tn_pop_eth(struct sk_buff *skb, struct tn_key *key)
{
	int err = skb_eth_pop(skb);

	if (!err)
		set_mac_proto(key, TN_MAC_NONE);
	return err;
}

int tn_push_mpls(struct sk_buff *skb, struct tn_key *key, __be32 lse, __be16 type, u32 mac_len)
{
	bool ethernet = has_ethernet(key) && mac_len;
	int err;

	/* The label goes behind the Ethernet header, whose type changes: no tag may stand between. Without
	 * Ethernet header there is no place for the tag in the metadata either.
	 */
	if (ethernet ? mac_len != ETH_HLEN : skb_vlan_tag_present(skb))
		return -EPROTO;
	err = skb_mpls_push(skb, lse, type, mac_len, ethernet);
	if (!err)
		set_mac_proto(key, ethernet ? TN_MAC_ETHERNET : TN_MAC_NONE);
	return err;
}

int tn_pop_mpls(struct sk_buff *skb, struct tn_key *key, __be16 type)
{
	int err = skb_mpls_pop(skb, type, skb_network_offset(skb), has_ethernet(key));

	if (err)
		return err;
	if (type == htons(ETH_P_TEB) && !has_ethernet(key))
		return uncover_ethernet(skb, key);
	tn_key_make_stale(key);
	return 0;
}

/* Moves the tag from the metadata into the bytes: the frame becomes somebody's payload. */
static int tag_into_bytes(struct sk_buff *skb)
{
	int err;

	if (!skb_vlan_tag_present(skb))
		return 0;
	err = __vlan_insert_tag(skb, skb->vlan_proto, skb_vlan_tag_get(skb));
	if (err)
		return err;
	skb->protocol = skb->vlan_proto;
	skb_postpush_rcsum(skb, skb->data + 2 * ETH_ALEN, VLAN_HLEN);
	__vlan_hwaccel_clear_tag(skb);
	return 0;
}

int tn_push_nsh(struct sk_buff *skb, struct tn_key *key, const struct tn_act_nsh *act)
{
	__be16 type = skb->protocol;
	int err = 0;

	if (has_ethernet(key)) {
		err = tag_into_bytes(skb);
		if (err)
			return err;
		type = skb->protocol;
		skb->protocol = htons(ETH_P_TEB);
	}
	err = nsh_push(skb, (const struct nshhdr *)act->hdr);
	if (err) {
		skb->protocol = type;
		return err;
	}
	set_mac_proto(key, TN_MAC_NONE);
	return 0;
}

int tn_pop_nsh(struct sk_buff *skb, struct tn_key *key)
{
	int err;

	if (has_ethernet(key))	/* pop_eth() comes first */
		return -EPROTO;
	err = nsh_pop(skb);
	if (err)
		return err;
	if (skb->protocol == htons(ETH_P_TEB))
		return uncover_ethernet(skb, key);
	set_mac_proto(key, TN_MAC_NONE);
	return 0;
}
