/* SPDX-License-Identifier: GPL-2.0 */
/* Action lists: their compiled form, how it is built from netlink (nl_actions.c), how it is executed
 * (actions.c, actions_set.c, actions_push.c).
 *
 * A list is a stream of struct tn_act, each a multiple of 8 bytes. All that userspace gave was validated when
 * it was built: execution checks the packet, never the action. A list belongs to a flow
 * (RCU) or to the packet command that executes it; it is immutable once built. Behind the stream of the
 * outermost list stand the attributes it was built from: who asks for a flow's actions gets them as they came.
 *
 * type is OVS_ACTION_ATTR_* and says what arg and the data behind the header are:
 *
 *   OUTPUT		arg port number
 *   TRUNC		arg largest length
 *   USERSPACE		data struct tn_act_userspace
 *   SET_MASKED		arg OVS_KEY_ATTR_*, data struct tn_act_set; of OVS_ACTION_ATTR_SET the mask is ones
 *   TN_ACT_SET_TUNNEL	data struct tn_act_tunnel
 *   PUSH_VLAN		arg tpid << 16 | tci, host order, VLAN_CFI_MASK set
 *   POP_VLAN, POP_ETH, CT_CLEAR, POP_NSH	nothing
 *   PUSH_ETH		data struct ovs_action_push_eth
 *   PUSH_MPLS		data struct ovs_action_push_mpls
 *   ADD_MPLS		data struct ovs_action_add_mpls
 *   POP_MPLS		arg ethertype, host order
 *   PUSH_NSH		data struct tn_act_nsh: a whole NSH header, ready to push
 *   RECIRC		arg recirculation id
 *   HASH		arg hash_basis (the algorithm is always L4)
 *   METER		arg meter id
 *   SAMPLE		arg probability, data one list
 *   CLONE, DEC_TTL	data one list; of DEC_TTL it may be empty: drop
 *   CHECK_PKT_LEN	arg length, data two lists: greater, then less or equal
 *   CT			data struct tn_act_ct of conntrack.h
 */
#ifndef TN_ACTIONS_H
#define TN_ACTIONS_H

#include <linux/netlink.h>
#include <linux/openvswitch.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include "key.h"

struct tn_dp;
struct metadata_dst;

#define TN_ACT_SET_TUNNEL	(__OVS_ACTION_ATTR_MAX + 1)

/* Flags of an action. */
#define TN_ACT_LAST	BIT(0)	/* the last of its list: it may consume the packet */
#define TN_ACT_NESTED_CHANGES BIT(1)	/* a nested list changes the packet or key: SAMPLE and so on must
					 * work on a copy unless they are last
					 */

struct tn_act {
	u8 type;
	u8 flags;
	u16 units;		/* size with header and data, in 8 bytes */
	u32 arg;
	u64 data[];
};

/* A nested list, inside the data of its action. */
struct tn_act_list {
	u32 len;		/* bytes of acts, a multiple of 8; 0: empty */
	u32 zero;
	u64 words[];		/* the actions */
};

struct tn_act_userspace {
	u32 pid;
	u32 egress_port;	/* tunnel port whose output tunnel key is wanted */
	u16 userdata_len;
	u8 has_userdata:1, has_egress:1, want_actions:1;
	u8 userdata[];
};

/* The structure is that of the attribute (struct ovs_key_ipv4 ...), of NSH it is struct tn_key_nsh. Mask
 * bits of what may not change (protocol, fragment type, NSH type and next protocol) are zero.
 */
struct tn_act_set {
	u16 len;		/* of the structure; value, then mask */
	u16 zero[3];
	u8 value_mask[];	/* value[len] from [0], mask[len] from [ALIGN(len, 8)] */
};

static inline const void *tn_set_value(const struct tn_act_set *set)
{
	return set->value_mask;
}

static inline const void *tn_set_mask(const struct tn_act_set *set)
{
	return set->value_mask + ALIGN(set->len, 8);
}

struct tn_act_tunnel {
	struct metadata_dst *dst;	/* one reference, dropped with the list */
};

struct tn_act_nsh {
	u32 len;		/* of the header; multiple of 4 */
	u32 zero;
	u8 hdr[];		/* struct nshhdr */
};

/* A list with the life of a flow. */
struct tn_actions {
	struct rcu_head rcu;
	u32 nl_len;		/* of the attributes behind the list */
	struct tn_act_list list;	/* last: the stream follows */
};

static inline const struct tn_act *tn_act_next(const struct tn_act *act)
{
	return (const struct tn_act *)((const u64 *)act + act->units);
}

static inline const struct tn_act_list *tn_act_list(const struct tn_act *act)
{
	return (const struct tn_act_list *)act->data;
}

/* The second list of CHECK_PKT_LEN. */
static inline const struct tn_act_list *tn_act_list_after(const struct tn_act_list *list)
{
	return (const struct tn_act_list *)((const u8 *)list->words + list->len);
}

/* Whether the data of actions of this type is lists. */
static inline bool tn_act_is_nested(u8 type)
{
	return type == OVS_ACTION_ATTR_SAMPLE || type == OVS_ACTION_ATTR_CLONE ||
	       type == OVS_ACTION_ATTR_CHECK_PKT_LEN || type == OVS_ACTION_ATTR_DEC_TTL;
}

/* The attributes that the list was built from. */
static inline const void *tn_actions_nl(const struct tn_actions *acts)
{
	return (const u8 *)acts->list.words + acts->list.len;
}

/* Works for const and other pointers. */
#define tn_for_each_act(act, list)						\
	for ((act) = (void *)(list)->words;					\
	     (const u8 *)(act) < (const u8 *)(list)->words + (list)->len;	\
	     (act) = (void *)tn_act_next(act))

/* --- building: nl_actions.c; process context, may sleep, no lock needed ------------------------- */

/* A list being built; conntrack.c and nl_actions.c append to it. */
struct tn_act_builder {
	struct net *net;
	struct netlink_ext_ack *extack;
	bool log;		/* false for probes: kernel log stays quiet; extack is always set */
	struct tn_actions *acts;	/* grows; moves when it grows */
	u32 room;
	unsigned int depth;	/* of nested lists */
};

/* Appends an action with @len bytes of data (zeroed); NULL: no memory or too long. The pointer is good
 * until the next append.
 */
struct tn_act *tn_act_append(struct tn_act_builder *b, u8 type, u32 arg, u32 len);

/* Builds the list from OVS_FLOW_ATTR_ACTIONS or OVS_PACKET_ATTR_ACTIONS for packets that match @key
 * (the masked key of a flow). ERR_PTR with extack. The caller owns it until tn_actions_free(_rcu).
 */
struct tn_actions *tn_actions_parse(struct net *net, const struct nlattr *attr, const struct tn_key *key,
				    bool log, struct netlink_ext_ack *extack);

/* Drops what the list refers to (tunnel dst, ct templates) and frees it. May not be called from
 * hard interrupts. NULL is fine.
 */
void tn_actions_free(struct tn_actions *acts);
void tn_actions_free_rcu(struct tn_actions *acts);

/* --- executing: actions.c ------------------------------------------------------------------------ */

/* Per-CPU deferral fifos and recursion counters. Module init and exit. */
int tn_actions_init(void);
void tn_actions_exit(void);

/* Executes @acts on @skb. Consumes @skb. @key is the packet's own and is changed as actions change the
 * packet; nobody looks at it afterwards but the caller, who must not care. Nested recirculation is
 * queued per CPU and drained by the outermost call. BH off, RCU read side. 0, or -errno when the packet
 * was lost to an error (for OVS_PACKET_CMD_EXECUTE).
 */
int tn_actions_execute(struct tn_dp *dp, struct sk_buff *skb, struct tn_key *key,
		       const struct tn_actions *acts);

/* The key tells the packet again after a push or pop. Never consumes @skb. BH off, RCU read side. 0 or -errno. */
static inline int tn_key_freshen(struct sk_buff *skb, struct tn_key *key)
{
	return unlikely(tn_key_is_stale(key)) ? tn_key_refresh(skb, key) : 0;
}

/* One set or masked set. Changes packet and key. 0 or -errno; never consumes @skb. actions_set.c */
int tn_set_execute(struct sk_buff *skb, struct tn_key *key, u32 key_attr, const struct tn_act_set *set);

/* actions_push.c: 0 or -errno; never consume @skb; keep the key or make it stale. */
int tn_push_vlan(struct sk_buff *skb, struct tn_key *key, u32 tpid_tci);
int tn_pop_vlan(struct sk_buff *skb, struct tn_key *key);
int tn_push_eth(struct sk_buff *skb, struct tn_key *key, const struct ovs_action_push_eth *act);
int tn_pop_eth(struct sk_buff *skb, struct tn_key *key);
int tn_push_mpls(struct sk_buff *skb, struct tn_key *key, __be32 lse, __be16 type, u32 mac_len);
int tn_pop_mpls(struct sk_buff *skb, struct tn_key *key, __be16 type);
int tn_push_nsh(struct sk_buff *skb, struct tn_key *key, const struct tn_act_nsh *act);
int tn_pop_nsh(struct sk_buff *skb, struct tn_key *key);

/* Output with refragmentation of what ct reassembled: fragments @skb to the mru and gives each piece
 * to tn_port_send(). Consumes @skb. actions_frag.c; context of tn_actions_execute().
 */
struct tn_port;
void tn_fragment_and_send(struct net *net, struct tn_port *port, struct sk_buff *skb, u16 mru,
			  const struct tn_key *key);

#endif
