// SPDX-License-Identifier: GPL-2.0
/* Upcalls: the message, the choice of the socket, GSO packets as segments. */
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <net/ip_tunnels.h>

#include "actions.h"
#include "datapath.h"
#include "nl_key.h"
#include "upcall.h"

/* OVS_PACKET_ATTR_HASH is opaque to userspace, which returns it with OVS_PACKET_CMD_EXECUTE. */
u64 tn_upcall_hash(const struct sk_buff *skb)
{
	return skb->hash | (skb->sw_hash ? TN_HASH_SW : 0) | (skb->l4_hash ? TN_HASH_L4 : 0);
}

void tn_upcall_restore_hash(struct sk_buff *skb, u64 hash)
{
	__skb_set_hash(skb, (u32)hash, hash & TN_HASH_SW, hash & TN_HASH_L4);
}

/* BH off, RCU read side. */
static u32 cpu_pid(const struct tn_dp *dp)
{
	const struct tn_pids *pids = rcu_dereference(dp->cpu_pids);
	u32 cpu = smp_processor_id();

	if (!pids)
		return 0;
	return pids->pid[likely(cpu < pids->n) ? cpu : cpu % pids->n];
}

u32 tn_upcall_miss_pid(const struct tn_dp *dp, struct sk_buff *skb)
{
	const struct tn_port *port = tn_cb(skb)->in_port;
	const struct tn_pids *pids;

	if (READ_ONCE(dp->user_features) & OVS_DP_F_DISPATCH_UPCALL_PER_CPU)
		return cpu_pid(dp);
	pids = port ? rcu_dereference(port->pids) : NULL;
	if (!pids)
		return 0;
	return pids->pid[pids->n == 1 ? 0 : skb_get_hash(skb) % pids->n];
}

u32 tn_upcall_action_pid(const struct tn_dp *dp, u32 pid)
{
	if (READ_ONCE(dp->user_features) & OVS_DP_F_DISPATCH_UPCALL_PER_CPU)
		return cpu_pid(dp);
	return pid;
}

/* What the message needs besides the packet's bytes. */
static size_t head_size(const struct tn_upcall *upcall)
{
	size_t size = NLMSG_ALIGN(sizeof(struct ovs_header)) + nla_total_size(TN_NL_KEY_MAX) +
		      nla_total_size(sizeof(u16)) + nla_total_size(sizeof(u32)) +
		      nla_total_size(sizeof(u64)) + nla_total_size(0);

	if (upcall->userdata)
		size += nla_total_size(upcall->userdata_len);
	if (upcall->egress_tun)
		size += nla_total_size(TN_NL_TUNNEL_MAX);
	if (upcall->acts)
		size += nla_total_size(upcall->acts->nl_len);
	return size;
}

/* All attributes before the packet. 0 or -EMSGSIZE. */
static int put_head(struct sk_buff *msg, const struct sk_buff *skb, const struct tn_key *key,
		    const struct tn_upcall *upcall, u32 cutlen)
{
	struct nlattr *nest;
	int err;

	err = tn_nl_put_key(msg, OVS_PACKET_ATTR_KEY, key, NULL);
	if (err)
		return err;
	if (upcall->userdata &&
	    nla_put(msg, OVS_PACKET_ATTR_USERDATA, upcall->userdata_len, upcall->userdata))
		return -EMSGSIZE;
	if (upcall->egress_tun) {
		nest = nla_nest_start_noflag(msg, OVS_PACKET_ATTR_EGRESS_TUN_KEY);
		if (!nest)
			return -EMSGSIZE;
		err = tn_nl_put_tunnel_info(msg, upcall->egress_tun);
		if (err)
			return err;
		nla_nest_end(msg, nest);
	}
	if (upcall->acts && nla_put(msg, OVS_PACKET_ATTR_ACTIONS, upcall->acts->nl_len,
				    tn_actions_nl(upcall->acts)))
		return -EMSGSIZE;
	if (upcall->mru && nla_put_u16(msg, OVS_PACKET_ATTR_MRU, upcall->mru))
		return -EMSGSIZE;
	if (cutlen && nla_put_u32(msg, OVS_PACKET_ATTR_LEN, skb->len))
		return -EMSGSIZE;
	if (skb->hash && nla_put(msg, OVS_PACKET_ATTR_HASH, sizeof(u64), &(u64){ tn_upcall_hash(skb) }))
		return -EMSGSIZE;
	return 0;
}

/* Appends the packet as the last attribute: pages are shared with @skb where userspace can do without the
 * alignment that netlink attributes have.
 */
static int put_packet(struct sk_buff *msg, struct sk_buff *skb, u32 len, unsigned int hlen, bool unaligned)
{
	struct nlattr *nla;

	if (!unaligned) {
		nla = nla_reserve(msg, OVS_PACKET_ATTR_PACKET, len);
		return nla ? skb_copy_bits(skb, 0, nla_data(nla), len) : -EMSGSIZE;
	}
	if (skb_tailroom(msg) < NLA_HDRLEN + min(hlen, len))
		return -EMSGSIZE;
	nla = skb_put(msg, NLA_HDRLEN);
	nla->nla_type = OVS_PACKET_ATTR_PACKET;
	nla->nla_len = nla_attr_size(len);
	return skb_zerocopy(msg, skb, len, hlen);
}

/* One packet that is no GSO packet. Context of tn_upcall_send(). */
static int send_one(struct tn_dp *dp, struct sk_buff *skb, const struct tn_key *key,
		    const struct tn_upcall *upcall, u32 cutlen)
{
	bool unaligned = READ_ONCE(dp->user_features) & OVS_DP_F_UNALIGNED;
	struct sk_buff *tagged = NULL, *msg;
	struct ovs_header *head;
	unsigned int hlen;
	u32 len;
	int err;

	if (skb_vlan_tag_present(skb)) {
		tagged = skb_clone(skb, GFP_ATOMIC);
		if (tagged)
			tagged = __vlan_hwaccel_push_inside(tagged);
		if (!tagged)
			return -ENOMEM;
		skb = tagged;
	}
	err = -EFBIG;
	if (nla_attr_size(skb->len) > USHRT_MAX)
		goto out;
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		err = skb_csum_hwoffload_help(skb, 0);
		if (err)
			goto out;
	}
	len = skb->len - min(cutlen, skb->len);
	hlen = unaligned ? skb_zerocopy_headlen(skb) : len;
	err = -ENOMEM;
	msg = genlmsg_new(head_size(upcall) + NLA_ALIGN(min(hlen, len)), GFP_ATOMIC);
	if (!msg)
		goto out;
	head = genlmsg_put(msg, 0, 0, &tn_packet_family, 0, upcall->cmd);
	err = -EINVAL;
	if (!head)
		goto free;
	head->dp_ifindex = tn_dp_ifindex(dp);
	err = put_head(msg, skb, key, upcall, cutlen);
	if (err)
		goto free;
	err = put_packet(msg, skb, len, hlen, unaligned);
	if (err)
		goto free;
	((struct nlmsghdr *)msg->data)->nlmsg_len = msg->len;
	err = genlmsg_unicast(dp->net, msg, upcall->portid);
	goto out;

free:
	kfree_skb(msg);
out:
	consume_skb(tagged);
	return err;
}

/* The segments of a GSO packet, each as a packet. Of datagrams that the host would fragment, all but the
 * first are later fragments.
 */
static int send_gso(struct tn_dp *dp, struct sk_buff *skb, const struct tn_key *key,
		    const struct tn_upcall *upcall, u32 cutlen)
{
	bool fragments = skb_shinfo(skb)->gso_type & SKB_GSO_UDP;
	struct sk_buff *segs, *seg, *next;
	struct tn_key later TN_UNINITIALIZED;
	int err = 0;

	BUILD_BUG_ON(sizeof(struct tn_skb_cb) > SKB_GSO_CB_OFFSET);
	segs = __skb_gso_segment(skb, NETIF_F_SG, false);
	if (IS_ERR(segs))
		return PTR_ERR(segs);
	if (!segs)
		return -EINVAL;
	if (fragments) {
		tn_key_copy(&later, key);
		later.ip.frag = OVS_FRAG_TYPE_LATER;
		later.tp.src = 0;
		later.tp.dst = 0;
	}
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		if (!err)
			err = send_one(dp, seg, fragments && seg != segs ? &later : key, upcall, cutlen);
		if (err)
			kfree_skb(seg);
		else
			consume_skb(seg);
	}
	return err;
}

int tn_upcall_send(struct tn_dp *dp, struct sk_buff *skb, const struct tn_key *key,
		   const struct tn_upcall *upcall, u32 cutlen)
{
	struct tn_dp_stats *stats;
	int err = -ENOTCONN;

	if (upcall->portid)
		err = skb_is_gso(skb) ? send_gso(dp, skb, key, upcall, cutlen) :
					send_one(dp, skb, key, upcall, cutlen);
	if (likely(!err))
		return 0;
	stats = this_cpu_ptr(dp->stats);
	u64_stats_update_begin(&stats->syncp);
	stats->n_lost++;
	u64_stats_update_end(&stats->syncp);
	return err;
}
