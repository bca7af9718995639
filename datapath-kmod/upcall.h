/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that go up to userspace: misses and the userspace() action. */
#ifndef TN_UPCALL_H
#define TN_UPCALL_H

#include <linux/netlink.h>
#include <linux/openvswitch.h>
#include <linux/skbuff.h>

struct ip_tunnel_info;
struct tn_dp;
struct tn_key;
struct tn_actions;

struct tn_upcall {
	u8 cmd;				/* OVS_PACKET_CMD_MISS or _ACTION */
	u16 mru;			/* tn_cb(skb)->mru */
	u32 portid;			/* socket; 0: nobody wants it */
	const void *userdata;		/* or NULL */
	u32 userdata_len;
	const struct ip_tunnel_info *egress_tun;	/* or NULL */
	const struct tn_actions *acts;	/* to send along, or NULL */
};

/* Sends a copy of @skb up; a GSO packet goes as its segments. Does not consume @skb. @cutlen bytes are
 * left off its end, and OVS_PACKET_ATTR_LEN then tells the length it had. 0; -ENOTCONN where portid is 0;
 * -ENOBUFS, -ECONNREFUSED and so on where the socket did not take it; every failure counts as
 * lost. BH off, RCU read side.
 */
int tn_upcall_send(struct tn_dp *dp, struct sk_buff *skb, const struct tn_key *key,
		   const struct tn_upcall *upcall, u32 cutlen);

/* The socket for a miss: per CPU where the datapath has OVS_DP_F_DISPATCH_UPCALL_PER_CPU, else by
 * the packet's hash among the port's. Context as above. 0: nobody.
 */
u32 tn_upcall_miss_pid(const struct tn_dp *dp, struct sk_buff *skb);
/* The socket for a userspace() action that names @pid: per CPU where the datapath has that. */
u32 tn_upcall_action_pid(const struct tn_dp *dp, u32 pid);

#define TN_HASH_SW	BIT_ULL(32)
#define TN_HASH_L4	BIT_ULL(33)

/* The packet's flow hash as OVS_PACKET_ATTR_HASH has it, and back. Any context. */
u64 tn_upcall_hash(const struct sk_buff *skb);
void tn_upcall_restore_hash(struct sk_buff *skb, u64 hash);

#endif
