// SPDX-License-Identifier: GPL-2.0
/* Action lists from netlink: validation against the flow's key as the actions change it, compilation, release.
 * Process context, may sleep, no lock, but for the release.
 */
#include <linux/if_vlan.h>
#include <linux/slab.h>
#include <net/dst_metadata.h>
#include <net/nsh.h>
#include <net/tun_proto.h>

#include "conntrack.h"
#include "nl.h"
#include "nl_actions.h"
#include "nl_key.h"

#define MAX_DEPTH	16	/* of nested lists */
#define MAX_BYTES	(512 * 1024)

struct tn_act *tn_act_append(struct tn_act_builder *b, u8 type, u32 arg, u32 len)
{
	u32 need = sizeof(struct tn_act) + ALIGN(len, 8), used = b->acts->list.len;
	struct tn_act *act;

	if (need / 8 > U16_MAX || used + need > MAX_BYTES)
		return NULL;
	if (used + need > b->room) {
		u32 room = max(2 * b->room, used + need);
		struct tn_actions *bigger = krealloc(b->acts, sizeof(*bigger) + room, GFP_KERNEL_ACCOUNT);

		if (!bigger)
			return NULL;
		b->acts = bigger;
		b->room = room;
	}
	act = (struct tn_act *)((u8 *)b->acts->list.words + used);
	memset(act, 0, need);
	act->type = type;
	act->arg = arg;
	act->units = need / 8;
	b->acts->list.len += need;
	return act;
}

/* Appends @data with the action. */
static int append_data(struct tn_act_builder *b, u8 type, u32 arg, const void *data, u32 len)
{
	struct tn_act *act = tn_act_append(b, type, arg, len);

	if (!act)
		return -ENOMEM;
	memcpy(act->data, data, len);
	return 0;
}

static int append(struct tn_act_builder *b, u8 type, u32 arg)
{
	return tn_act_append(b, type, arg, 0) ? 0 : -ENOMEM;
}

/* --- single actions: context and errors of tn_actions_parse(); @key changes as the packets will ----------- */

static int add_output(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	if (nla_get_u32(attr) >= TN_MAX_PORTS)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_OUTPUT: the port is out of range");
	return append(b, OVS_ACTION_ATTR_OUTPUT, nla_get_u32(attr));
}

static int add_trunc(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	if (nla_get_u32(attr) < ETH_HLEN)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_TRUNC: max_len is shorter than an Ethernet header");
	return append(b, OVS_ACTION_ATTR_TRUNC, nla_get_u32(attr));
}

static int add_hash(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	const struct ovs_action_hash *hash = nla_data(attr);

	if (hash->hash_alg != OVS_HASH_ALG_L4)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_HASH: hash_alg is not known");
	return append(b, OVS_ACTION_ATTR_HASH, hash->hash_basis);
}

/* Actions that are a number, any number, or nothing. */
static int add_plain(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	return append(b, nla_type(attr), nla_len(attr) ? nla_get_u32(attr) : 0);
}

static const struct nla_policy userspace_policy[OVS_USERSPACE_ATTR_MAX + 1] = {
	[OVS_USERSPACE_ATTR_PID] = { .type = NLA_U32 },
	[OVS_USERSPACE_ATTR_USERDATA] = { .type = NLA_UNSPEC },
	[OVS_USERSPACE_ATTR_EGRESS_TUN_PORT] = { .type = NLA_U32 },
	[OVS_USERSPACE_ATTR_ACTIONS] = { .type = NLA_FLAG },
};

static int add_userspace(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	struct nlattr *a[OVS_USERSPACE_ATTR_MAX + 1];
	struct tn_act_userspace *u;
	struct tn_act *act;
	u32 len;
	int err;

	err = nla_parse_nested_deprecated(a, OVS_USERSPACE_ATTR_MAX, attr, userspace_policy, b->extack);
	if (err)
		return err;
	if (!a[OVS_USERSPACE_ATTR_PID] || !nla_get_u32(a[OVS_USERSPACE_ATTR_PID]))
		return FAIL(b->extack, attr, "OVS_USERSPACE_ATTR_PID is missing or zero");
	len = a[OVS_USERSPACE_ATTR_USERDATA] ? nla_len(a[OVS_USERSPACE_ATTR_USERDATA]) : 0;
	act = tn_act_append(b, OVS_ACTION_ATTR_USERSPACE, 0, sizeof(*u) + len);
	if (!act)
		return -ENOMEM;
	u = (struct tn_act_userspace *)act->data;
	u->pid = nla_get_u32(a[OVS_USERSPACE_ATTR_PID]);
	if (a[OVS_USERSPACE_ATTR_USERDATA]) {
		u->has_userdata = true;
		u->userdata_len = len;
		memcpy(u->userdata, nla_data(a[OVS_USERSPACE_ATTR_USERDATA]), len);
	}
	if (a[OVS_USERSPACE_ATTR_EGRESS_TUN_PORT]) {
		u->has_egress = true;
		u->egress_port = nla_get_u32(a[OVS_USERSPACE_ATTR_EGRESS_TUN_PORT]);
	}
	u->want_actions = !!a[OVS_USERSPACE_ATTR_ACTIONS];
	return 0;
}

static int add_push_vlan(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	const struct ovs_action_push_vlan *v = nla_data(attr);

	if (tn_key_mac_proto(key) != TN_MAC_ETHERNET)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_VLAN wants an Ethernet header");
	if (!eth_type_vlan(v->vlan_tpid))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_VLAN: vlan_tpid is neither 802.1Q nor 802.1ad");
	if (!(v->vlan_tci & htons(VLAN_CFI_MASK)))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_VLAN: vlan_tci lacks the CFI bit");
	key->cvlan = key->vlan;
	key->vlan.tpid = v->vlan_tpid;
	key->vlan.tci = v->vlan_tci;
	return append(b, OVS_ACTION_ATTR_PUSH_VLAN, (u32)ntohs(v->vlan_tpid) << 16 | ntohs(v->vlan_tci));
}

static int add_pop_vlan(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	if (tn_key_mac_proto(key) != TN_MAC_ETHERNET)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_POP_VLAN wants an Ethernet header");
	key->vlan = key->cvlan;
	memset(&key->cvlan, 0, sizeof(key->cvlan));
	return append(b, OVS_ACTION_ATTR_POP_VLAN, 0);
}

/* Whether labels can be pushed before what the packet is now: the order of tags must be known. */
static bool mpls_fits(const struct tn_key *key)
{
	switch (key->eth_type) {
	case htons(ETH_P_IP):
	case htons(ETH_P_IPV6):
	case htons(ETH_P_ARP):
	case htons(ETH_P_RARP):
	case htons(ETH_P_MPLS_UC):
	case htons(ETH_P_MPLS_MC):
		return !key->vlan.tci;
	default:
		return false;
	}
}

/* The key's words after @n labels more (or less) of a stack; deeper labels are not known. */
static void note_mpls(struct tn_key *key, __be16 type, bool had, int n)
{
	u32 depth = had ? hweight32(key->mpls.depth_mask) : 0;

	memset(&key->mpls, 0, sizeof(key->mpls));
	depth = clamp_t(int, depth + n, 0, TN_MPLS_DEPTH);
	key->mpls.depth_mask = depth ? GENMASK(depth - 1, 0) : 0;
	key->eth_type = type;
	memset(&key->ip, 0, sizeof(key->ip));
}

static int add_push_mpls(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	const struct ovs_action_push_mpls *m = nla_data(attr);

	if (!tn_eth_type_is_mpls(m->mpls_ethertype))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_MPLS: mpls_ethertype is not MPLS");
	if (!mpls_fits(key))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_MPLS does not fit packets of this type or with a VLAN tag");
	note_mpls(key, m->mpls_ethertype, tn_eth_type_is_mpls(key->eth_type), 1);
	return append_data(b, OVS_ACTION_ATTR_PUSH_MPLS, 0, m, sizeof(*m));
}

static int add_add_mpls(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	const struct ovs_action_add_mpls *m = nla_data(attr);
	bool l3 = m->tun_flags & OVS_MPLS_L3_TUNNEL_FLAG_MASK;

	if (!tn_eth_type_is_mpls(m->mpls_ethertype))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_ADD_MPLS: mpls_ethertype is not MPLS");
	if (m->tun_flags & ~OVS_MPLS_L3_TUNNEL_FLAG_MASK)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_ADD_MPLS: tun_flags has unknown bits");
	if (l3 && !mpls_fits(key))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_ADD_MPLS does not fit packets of this type or with a VLAN tag");
	note_mpls(key, m->mpls_ethertype, l3 && tn_eth_type_is_mpls(key->eth_type), 1);
	if (!l3) {
		key->mac_proto = TN_MAC_NONE;
		memset(&key->vlans, 0, sizeof(key->vlans));
	}
	return append_data(b, OVS_ACTION_ATTR_ADD_MPLS, 0, m, sizeof(*m));
}

static int add_pop_mpls(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	__be16 type = nla_get_be16(attr);

	if (!tn_eth_type_is_mpls(key->eth_type) || key->vlan.tci)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_POP_MPLS wants an MPLS packet without VLAN tag");
	if (tn_eth_type_is_mpls(type) && hweight32(key->mpls.depth_mask) > 1)
		note_mpls(key, type, true, -1);
	else	/* what comes out is for the next recirculation to see */
		note_mpls(key, 0, false, 0);
	return append(b, OVS_ACTION_ATTR_POP_MPLS, ntohs(type));
}

static int add_push_eth(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	if (tn_key_mac_proto(key) != TN_MAC_NONE)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_ETH: there is an Ethernet header");
	key->mac_proto = TN_MAC_ETHERNET;
	return append_data(b, OVS_ACTION_ATTR_PUSH_ETH, 0, nla_data(attr), nla_len(attr));
}

static int add_pop_eth(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	if (tn_key_mac_proto(key) != TN_MAC_ETHERNET || key->vlan.tci)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_POP_ETH wants an Ethernet header without VLAN tag");
	key->mac_proto = TN_MAC_NONE;
	return append(b, OVS_ACTION_ATTR_POP_ETH, 0);
}

/* A whole header from the OVS_NSH_KEY_ATTR_* of one OVS_KEY_ATTR_NSH. */
static int add_push_nsh(struct tn_act_builder *b, const struct nlattr *outer, struct tn_key *key)
{
	const struct nlattr *nest = nla_data(outer);
	const struct ovs_nsh_key_base *base = NULL;
	const struct nlattr *attr, *md = NULL;
	struct tn_act_nsh *data;
	struct nshhdr *hdr;
	struct tn_act *act;
	int rem, len;

	if (!nla_ok(nest, nla_len(outer)) || nla_type(nest) != OVS_KEY_ATTR_NSH)
		return FAIL(b->extack, outer, "OVS_ACTION_ATTR_PUSH_NSH holds one OVS_KEY_ATTR_NSH");
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) == OVS_NSH_KEY_ATTR_BASE && nla_len(attr) == sizeof(*base) && !base)
			base = nla_data(attr);
		else if ((nla_type(attr) == OVS_NSH_KEY_ATTR_MD1 || nla_type(attr) == OVS_NSH_KEY_ATTR_MD2) && !md)
			md = attr;
		else
			return FAIL(b->extack, attr, "OVS_ACTION_ATTR_PUSH_NSH: an OVS_NSH_KEY_ATTR is unknown, of wrong length or given twice");
	}
	if (!base || !md)
		return FAIL(b->extack, nest, "OVS_ACTION_ATTR_PUSH_NSH wants OVS_NSH_KEY_ATTR_BASE and _MD1 or _MD2");
	len = NSH_BASE_HDR_LEN + nla_len(md);
	if (nla_type(md) == OVS_NSH_KEY_ATTR_MD1 ? base->mdtype != NSH_M_TYPE1 || len != NSH_M_TYPE1_LEN :
	    base->mdtype != NSH_M_TYPE2 || !nla_len(md) || len % 4 || len > NSH_HDR_MAX_LEN)
		return FAIL(b->extack, md, "OVS_ACTION_ATTR_PUSH_NSH: mdtype and metadata do not go together");
	act = tn_act_append(b, OVS_ACTION_ATTR_PUSH_NSH, 0, sizeof(*data) + len);
	if (!act)
		return -ENOMEM;
	data = (struct tn_act_nsh *)act->data;
	data->len = len;
	hdr = (struct nshhdr *)data->hdr;
	nsh_set_flags_ttl_len(hdr, base->flags, base->ttl, len);
	hdr->mdtype = base->mdtype;
	hdr->np = base->np;
	hdr->path_hdr = base->path_hdr;
	memcpy(data->hdr + NSH_BASE_HDR_LEN, nla_data(md), nla_len(md));
	key->mac_proto = TN_MAC_NONE;
	key->eth_type = htons(ETH_P_NSH);
	memset(&key->vlans, 0, sizeof(key->vlans));
	memset(&key->ip, 0, sizeof(key->ip));
	memset(&key->nsh, 0, sizeof(key->nsh));
	key->nsh.base = *base;
	return 0;
}

static int add_pop_nsh(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	if (key->eth_type != htons(ETH_P_NSH) || tn_key_mac_proto(key) != TN_MAC_NONE)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_POP_NSH wants an NSH packet without Ethernet header");
	key->mac_proto = key->nsh.base.np == TUN_P_ETHERNET ? TN_MAC_ETHERNET : TN_MAC_NONE;
	key->eth_type = 0;
	return append(b, OVS_ACTION_ATTR_POP_NSH, 0);
}

/* --- nested lists ------------------------------------------------------------------------------------ */

static int add_list(struct tn_act_builder *b, const struct nlattr *nest, const struct tn_key *key);

/* Makes room for the head of a list right behind what there is; the return value is its offset. */
static int open_list(struct tn_act_builder *b)
{
	u32 at = b->acts->list.len;

	/* struct tn_act_list is as long as struct tn_act, which makes it an append without data */
	BUILD_BUG_ON(sizeof(struct tn_act_list) != sizeof(struct tn_act));
	return tn_act_append(b, 0, 0, 0) ? at : -ENOMEM;
}

static void *at_offset(const struct tn_act_builder *b, u32 at)
{
	return (u8 *)b->acts->list.words + at;
}

/* Flags the last action of a finished list; true where the list changes the packet or its key. */
static bool finish_list(struct tn_act_list *list)
{
	struct tn_act *act, *last = NULL;
	bool changes = false;

	tn_for_each_act(act, list) {
		changes |= act->type != OVS_ACTION_ATTR_OUTPUT && act->type != OVS_ACTION_ATTR_USERSPACE;
		last = act;
	}
	if (last)
		last->flags |= TN_ACT_LAST;
	return changes;
}

/* Appends an action whose data is @n lists. */
static int add_nested(struct tn_act_builder *b, u8 type, u32 arg, const struct nlattr *const *nests,
		      unsigned int n, const struct tn_key *key)
{
	u32 at = b->acts->list.len;
	bool changes = false;
	struct tn_act *act;
	unsigned int i;

	if (b->depth == MAX_DEPTH)
		return FAIL_AS(-EOVERFLOW, b->extack, nests[0], "actions are nested too deep");
	if (!tn_act_append(b, type, arg, 0))
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		int head = open_list(b), err;
		struct tn_act_list *list;
		u32 len;

		if (head < 0)
			return head;
		/* Until a list is complete it is empty and its actions lie behind: tn_actions_free()
		 * then meets each of them once.
		 */
		*(u64 *)at_offset(b, head) = 0;
		((struct tn_act *)at_offset(b, at))->units = (b->acts->list.len - at) / 8;
		b->depth++;
		err = add_list(b, nests[i], key);
		b->depth--;
		if (err)
			return err;
		len = b->acts->list.len - at;
		if (len / 8 > U16_MAX)
			return FAIL(b->extack, nests[i], "a nested action list is too long");
		list = at_offset(b, head);
		list->len = b->acts->list.len - head - sizeof(*list);
		((struct tn_act *)at_offset(b, at))->units = len / 8;
		changes |= finish_list(list);
	}
	act = at_offset(b, at);
	act->flags |= changes ? TN_ACT_NESTED_CHANGES : 0;
	return 0;
}

static const struct nla_policy sample_policy[OVS_SAMPLE_ATTR_MAX + 1] = {
	[OVS_SAMPLE_ATTR_PROBABILITY] = { .type = NLA_U32 },
	[OVS_SAMPLE_ATTR_ACTIONS] = { .type = NLA_UNSPEC },
};

static int add_sample(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	struct nlattr *a[OVS_SAMPLE_ATTR_MAX + 1];
	int err = nla_parse_nested_deprecated(a, OVS_SAMPLE_ATTR_MAX, attr, sample_policy, b->extack);

	if (err)
		return err;
	if (!a[OVS_SAMPLE_ATTR_PROBABILITY] || !a[OVS_SAMPLE_ATTR_ACTIONS])
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_SAMPLE wants OVS_SAMPLE_ATTR_PROBABILITY and _ACTIONS");
	return add_nested(b, OVS_ACTION_ATTR_SAMPLE, nla_get_u32(a[OVS_SAMPLE_ATTR_PROBABILITY]),
			  (const struct nlattr *const *)&a[OVS_SAMPLE_ATTR_ACTIONS], 1, key);
}

static const struct nla_policy check_policy[OVS_CHECK_PKT_LEN_ATTR_MAX + 1] = {
	[OVS_CHECK_PKT_LEN_ATTR_PKT_LEN] = { .type = NLA_U16 },
	[OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER] = { .type = NLA_UNSPEC },
	[OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL] = { .type = NLA_UNSPEC },
};

static int add_check_pkt_len(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	struct nlattr *a[OVS_CHECK_PKT_LEN_ATTR_MAX + 1];
	const struct nlattr *nests[2];
	int err = nla_parse_nested_deprecated(a, OVS_CHECK_PKT_LEN_ATTR_MAX, attr, check_policy, b->extack);

	if (err)
		return err;
	nests[0] = a[OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER];
	nests[1] = a[OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL];
	if (!a[OVS_CHECK_PKT_LEN_ATTR_PKT_LEN] || !nla_get_u16(a[OVS_CHECK_PKT_LEN_ATTR_PKT_LEN]) ||
	    !nests[0] || !nests[1])
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_CHECK_PKT_LEN wants a length and both lists of actions");
	return add_nested(b, OVS_ACTION_ATTR_CHECK_PKT_LEN, nla_get_u16(a[OVS_CHECK_PKT_LEN_ATTR_PKT_LEN]),
			  nests, 2, key);
}

static int add_dec_ttl(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	const struct nlattr *a, *nest = NULL;
	int rem;

	if (!tn_key_is_ip(key))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_DEC_TTL wants an IP packet");
	nla_for_each_nested(a, attr, rem) {
		if (nla_type(a) != OVS_DEC_TTL_ATTR_ACTION || nest)
			return FAIL(b->extack, a, "OVS_DEC_TTL_ATTR is of no known type or given twice");
		nest = a;
	}
	if (!nest)
		return FAIL(b->extack, attr, "OVS_DEC_TTL_ATTR_ACTION is missing");
	return add_nested(b, OVS_ACTION_ATTR_DEC_TTL, 0, &nest, 1, key);
}

static int add_clone(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	return add_nested(b, OVS_ACTION_ATTR_CLONE, 0, &attr, 1, key);
}

/* --- lists ------------------------------------------------------------------------------------------- */

#define NESTED	(-1)

/* The length of each action's attribute, and what judges and compiles it. */
static const struct {
	s16 len;
	int (*add)(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key);
} actions[OVS_ACTION_ATTR_MAX + 1] = {
	[OVS_ACTION_ATTR_OUTPUT] = { sizeof(u32), add_output },
	[OVS_ACTION_ATTR_USERSPACE] = { NESTED, add_userspace },
	[OVS_ACTION_ATTR_SET] = { NESTED, tn_add_set },
	[OVS_ACTION_ATTR_PUSH_VLAN] = { sizeof(struct ovs_action_push_vlan), add_push_vlan },
	[OVS_ACTION_ATTR_POP_VLAN] = { 0, add_pop_vlan },
	[OVS_ACTION_ATTR_SAMPLE] = { NESTED, add_sample },
	[OVS_ACTION_ATTR_RECIRC] = { sizeof(u32), add_plain },
	[OVS_ACTION_ATTR_HASH] = { sizeof(struct ovs_action_hash), add_hash },
	[OVS_ACTION_ATTR_PUSH_MPLS] = { sizeof(struct ovs_action_push_mpls), add_push_mpls },
	[OVS_ACTION_ATTR_POP_MPLS] = { sizeof(__be16), add_pop_mpls },
	[OVS_ACTION_ATTR_SET_MASKED] = { NESTED, tn_add_set },
	[OVS_ACTION_ATTR_CT] = { NESTED, tn_ct_parse },
	[OVS_ACTION_ATTR_TRUNC] = { sizeof(struct ovs_action_trunc), add_trunc },
	[OVS_ACTION_ATTR_PUSH_ETH] = { sizeof(struct ovs_action_push_eth), add_push_eth },
	[OVS_ACTION_ATTR_POP_ETH] = { 0, add_pop_eth },
	[OVS_ACTION_ATTR_CT_CLEAR] = { 0, add_plain },
	[OVS_ACTION_ATTR_PUSH_NSH] = { NESTED, add_push_nsh },
	[OVS_ACTION_ATTR_POP_NSH] = { 0, add_pop_nsh },
	[OVS_ACTION_ATTR_METER] = { sizeof(u32), add_plain },
	[OVS_ACTION_ATTR_CLONE] = { NESTED, add_clone },
	[OVS_ACTION_ATTR_CHECK_PKT_LEN] = { NESTED, add_check_pkt_len },
	[OVS_ACTION_ATTR_ADD_MPLS] = { sizeof(struct ovs_action_add_mpls), add_add_mpls },
	[OVS_ACTION_ATTR_DEC_TTL] = { NESTED, add_dec_ttl },
};

static int add_one(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	unsigned int type = nla_type(attr);

	if (type > OVS_ACTION_ATTR_MAX || !actions[type].add)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR is of no known type");
	if (actions[type].len != NESTED && nla_len(attr) != actions[type].len)
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR has the wrong length");
	return actions[type].add(b, attr, key);
}

/* Appends the actions of @nest; what they do to @key stays inside the list. */
static int add_list(struct tn_act_builder *b, const struct nlattr *nest, const struct tn_key *of)
{
	struct tn_key *key = kmemdup(of, sizeof(*of), GFP_KERNEL);	/* too large for a stack 16 deep */
	const struct nlattr *attr;
	int rem, err = 0;

	if (!key)
		return -ENOMEM;
	nla_for_each_nested(attr, nest, rem) {
		err = add_one(b, attr, key);
		if (err)
			break;
	}
	if (!err && rem)
		err = FAIL(b->extack, nest, "bytes are left over behind the last OVS_ACTION_ATTR");
	kfree(key);
	return err;
}

/* Puts the attributes behind the finished list, which gets the size that it needs. */
static int add_attributes(struct tn_act_builder *b, const struct nlattr *attr)
{
	u32 len = sizeof(*b->acts) + b->acts->list.len + nla_len(attr);
	struct tn_actions *acts = krealloc(b->acts, len, GFP_KERNEL_ACCOUNT);

	if (!acts)
		return -ENOMEM;
	b->acts = acts;
	acts->nl_len = nla_len(attr);
	memcpy((void *)tn_actions_nl(acts), nla_data(attr), nla_len(attr));
	return 0;
}

struct tn_actions *tn_actions_parse(struct net *net, const struct nlattr *attr, const struct tn_key *key,
				    bool log, struct netlink_ext_ack *extack)
{
	struct tn_act_builder b = {
		.net = net, .extack = extack, .log = log, .room = max(32, 2 * nla_len(attr)),
	};
	int err;

	b.acts = kzalloc(sizeof(*b.acts) + b.room, GFP_KERNEL_ACCOUNT);
	if (!b.acts)
		return ERR_PTR(-ENOMEM);
	err = add_list(&b, attr, key);
	if (!err)
		err = add_attributes(&b, attr);
	if (err) {
		tn_actions_free(b.acts);
		return ERR_PTR(err);
	}
	finish_list(&b.acts->list);
	return b.acts;
}

/* --- release ----------------------------------------------------------------------------------------- */

/* What the actions of @list hold. Any context that may free. */
static void release_list(struct tn_act_list *list)
{
	struct tn_act *act;

	tn_for_each_act(act, list) {
		if (act->type == OVS_ACTION_ATTR_CT) {
			tn_ct_free(act);
		} else if (act->type == TN_ACT_SET_TUNNEL) {
			dst_release(&((struct tn_act_tunnel *)act->data)->dst->dst);
		} else if (tn_act_is_nested(act->type)) {
			/* however many lists there are: parsing may have stopped half way */
			struct tn_act_list *l = (struct tn_act_list *)act->data;

			for (; (void *)l < (void *)tn_act_next(act); l = (void *)tn_act_list_after(l))
				release_list(l);
		}
	}
}

void tn_actions_free(struct tn_actions *acts)
{
	if (!acts)
		return;
	release_list(&acts->list);
	kfree(acts);
}

/* RCU callback. */
static void actions_free_cb(struct rcu_head *rcu)
{
	tn_actions_free(container_of(rcu, struct tn_actions, rcu));
}

void tn_actions_free_rcu(struct tn_actions *acts)
{
	if (acts)
		call_rcu(&acts->rcu, actions_free_cb);
}
