// SPDX-License-Identifier: GPL-2.0
/* The family ovs_packet: userspace has the datapath execute actions on a packet. */
#include <linux/etherdevice.h>

#include "actions.h"
#include "datapath.h"
#include "nl.h"
#include "nl_key.h"
#include "upcall.h"

static const struct nla_policy packet_policy[OVS_PACKET_ATTR_MAX + 1] = {
	[OVS_PACKET_ATTR_PACKET] = { .len = ETH_HLEN },
	[OVS_PACKET_ATTR_KEY] = { .type = NLA_NESTED },
	[OVS_PACKET_ATTR_ACTIONS] = { .type = NLA_NESTED },
	[OVS_PACKET_ATTR_PROBE] = { .type = NLA_FLAG },
	[OVS_PACKET_ATTR_MRU] = { .type = NLA_U16 },
	[OVS_PACKET_ATTR_HASH] = { .type = NLA_U64 },
};

/* The packet of the request. May sleep. */
static struct sk_buff *make_packet(struct nlattr **a)
{
	const struct nlattr *attr = a[OVS_PACKET_ATTR_PACKET];
	unsigned int len = nla_len(attr);
	struct sk_buff *skb = __dev_alloc_skb(NET_IP_ALIGN + len, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, NET_IP_ALIGN);
	nla_memcpy(__skb_put(skb, len), attr, len);
	tn_cb(skb)->in_port = NULL;
	tn_cb(skb)->mru = a[OVS_PACKET_ATTR_MRU] ? nla_get_u16(a[OVS_PACKET_ATTR_MRU]) : 0;
	tn_cb(skb)->cutlen = 0;
	skb->ignore_df = tn_cb(skb)->mru != 0;
	if (a[OVS_PACKET_ATTR_HASH])
		tn_upcall_restore_hash(skb, nla_get_u64(a[OVS_PACKET_ATTR_HASH]));
	return skb;
}

/* Fills @key from the metadata that userspace gives and the bytes of the packet. May sleep. */
static int make_key(struct sk_buff *skb, const struct nlattr *attr, struct tn_key *key,
		    struct netlink_ext_ack *extack)
{
	union {
		struct tn_ct_orig4 v4;
		struct tn_ct_orig6 v6;
	} orig;
	u8 version, proto;
	int err;

	err = tn_nl_get_metadata(attr, key, &version, extack);
	if (err)
		return err;
	if (key->mac_proto == TN_MAC_NONE)
		skb->protocol = key->eth_type;
	proto = key->ct_orig_proto;
	key->ct_orig_proto = 0;
	if (version == 4)
		orig.v4 = key->ipv4.ct_orig;
	else
		orig.v6 = key->ipv6.ct_orig;
	err = tn_key_refresh(skb, key);
	if (err) {
		NL_SET_ERR_MSG(extack, "OVS_PACKET_ATTR_PACKET cannot be read");
		return err;
	}
	if (version == 4 && key->eth_type == htons(ETH_P_IP)) {
		key->ct_orig_proto = proto;
		key->ipv4.ct_orig = orig.v4;
	} else if (version == 6 && key->eth_type == htons(ETH_P_IPV6) && !tn_key_is_nd(key)) {
		key->ct_orig_proto = proto;
		key->ipv6.ct_orig = orig.v6;
	}
	skb->priority = key->priority;
	skb->mark = key->skb_mark;
	return 0;
}

/* BH off and RCU read side inside. Consumes @skb. */
static int execute(struct genl_info *info, struct sk_buff *skb, struct tn_key *key,
		   const struct tn_actions *acts)
{
	const struct ovs_header *head = info->userhdr;
	struct tn_port *port;
	struct tn_dp *dp;
	int err = -ENODEV;

	local_bh_disable();
	rcu_read_lock();
	dp = tn_dp_find(genl_info_net(info), head->dp_ifindex);
	if (!dp)
		goto unlock;
	port = tn_dp_port(dp, key->in_port);
	tn_cb(skb)->in_port = port;
	port = port ?: tn_dp_port(dp, OVSP_LOCAL);
	if (!port)
		goto unlock;
	skb->dev = port->dev;
	err = tn_actions_execute(dp, skb, key, acts);
	skb = NULL;
unlock:
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	return err;
}

/* Process context; may sleep. */
static int packet_execute(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct tn_actions *acts;
	struct tn_key *key;
	struct sk_buff *skb;
	int err;

	if (!a[OVS_PACKET_ATTR_PACKET] || !a[OVS_PACKET_ATTR_KEY] || !a[OVS_PACKET_ATTR_ACTIONS])
		return FAIL(info->extack, NULL,
			    "OVS_PACKET_ATTR_PACKET, _KEY or _ACTIONS is missing");
	key = kmalloc(sizeof(*key), GFP_KERNEL);
	skb = make_packet(a);
	err = key && skb ? make_key(skb, a[OVS_PACKET_ATTR_KEY], key, info->extack) : -ENOMEM;
	if (err)
		goto free;
	acts = tn_actions_parse(genl_info_net(info), a[OVS_PACKET_ATTR_ACTIONS], key,
				!a[OVS_PACKET_ATTR_PROBE], info->extack);
	err = PTR_ERR_OR_ZERO(acts);
	if (err)
		goto free;
	err = execute(info, skb, key, acts);
	tn_actions_free_rcu(acts);	/* what was queued may still look at it */
	kfree(key);
	return err;

free:
	kfree_skb(skb);
	kfree(key);
	return err;
}

static const struct genl_small_ops packet_ops[] = {
	TN_COMMAND(OVS_PACKET_CMD_EXECUTE, .doit = packet_execute, TN_ADMIN),
};

struct genl_family tn_packet_family __ro_after_init = {
	TN_FAMILY(PACKET, PACKET, packet_policy, packet_ops),
	.resv_start_op = OVS_PACKET_CMD_EXECUTE + 1,
};
