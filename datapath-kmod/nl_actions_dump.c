// SPDX-License-Identifier: GPL-2.0
/* Action lists back into netlink, and their release. */
#include <linux/slab.h>
#include <net/dst_metadata.h>
#include <net/nsh.h>

#include "conntrack.h"
#include "nl_actions.h"
#include "nl_key.h"

static int dump_userspace(const struct tn_act *act, struct sk_buff *msg)
{
	const struct tn_act_userspace *u = (const struct tn_act_userspace *)act->data;
	struct nlattr *nest = nla_nest_start_noflag(msg, OVS_ACTION_ATTR_USERSPACE);

	if (!nest || nla_put_u32(msg, OVS_USERSPACE_ATTR_PID, u->pid) ||
	    (u->has_userdata &&
	     nla_put(msg, OVS_USERSPACE_ATTR_USERDATA, u->userdata_len, u->userdata)) ||
	    (u->has_egress && nla_put_u32(msg, OVS_USERSPACE_ATTR_EGRESS_TUN_PORT, u->egress_port)) ||
	    (u->want_actions && nla_put_flag(msg, OVS_USERSPACE_ATTR_ACTIONS)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* One attribute of a masked NSH: value, then mask. */
static int put_pair(struct sk_buff *msg, int type, const void *value, const void *mask, int len)
{
	struct nlattr *attr = nla_reserve(msg, type, mask ? 2 * len : len);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), value, len);
	if (mask)
		memcpy(nla_data(attr) + len, mask, len);
	return 0;
}

static int dump_nsh(const struct tn_act_set *set, struct sk_buff *msg, bool masked)
{
	const struct tn_key_nsh *value = tn_set_value(set), *mask = tn_set_mask(set);
	struct nlattr *nest = nla_nest_start_noflag(msg, OVS_KEY_ATTR_NSH);

	if (!nest || put_pair(msg, OVS_NSH_KEY_ATTR_BASE, &value->base, masked ? &mask->base : NULL,
			      sizeof(value->base)) ||
	    (memchr_inv(mask->context, 0, sizeof(mask->context)) &&
	     put_pair(msg, OVS_NSH_KEY_ATTR_MD1, value->context, masked ? mask->context : NULL,
		      sizeof(value->context))))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int dump_set(const struct tn_act *act, struct sk_buff *msg)
{
	const struct tn_act_set *set = (const struct tn_act_set *)act->data;
	bool masked = act->type == OVS_ACTION_ATTR_SET_MASKED;
	struct nlattr *nest = nla_nest_start_noflag(msg, act->type);
	int err;

	if (!nest)
		return -EMSGSIZE;
	if (act->arg == OVS_KEY_ATTR_NSH)
		err = dump_nsh(set, msg, masked);
	else
		err = put_pair(msg, act->arg, tn_set_value(set), masked ? tn_set_mask(set) : NULL, set->len);
	if (err)
		return err;
	nla_nest_end(msg, nest);
	return 0;
}

static int dump_tunnel(const struct tn_act *act, struct sk_buff *msg)
{
	const struct ip_tunnel_info *info = &((const struct tn_act_tunnel *)act->data)->dst->u.tun_info;
	struct nlattr *set = nla_nest_start_noflag(msg, OVS_ACTION_ATTR_SET), *nest;

	nest = set ? nla_nest_start_noflag(msg, OVS_KEY_ATTR_TUNNEL) : NULL;
	if (!nest || tn_nl_put_tunnel_info(msg, info) ||
	    (info->mode & IP_TUNNEL_INFO_BRIDGE &&
	     nla_put_flag(msg, OVS_TUNNEL_KEY_ATTR_IPV4_INFO_BRIDGE)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	nla_nest_end(msg, set);
	return 0;
}

static int dump_push_nsh(const struct tn_act *act, struct sk_buff *msg)
{
	const struct tn_act_nsh *data = (const struct tn_act_nsh *)act->data;
	const struct nshhdr *hdr = (const struct nshhdr *)data->hdr;
	struct nlattr *outer = nla_nest_start_noflag(msg, OVS_ACTION_ATTR_PUSH_NSH);
	struct nlattr *nest = outer ? nla_nest_start_noflag(msg, OVS_KEY_ATTR_NSH) : NULL;
	struct ovs_nsh_key_base base = {
		nsh_get_flags(hdr), nsh_get_ttl(hdr), hdr->mdtype, hdr->np, hdr->path_hdr,
	};

	if (!nest || nla_put(msg, OVS_NSH_KEY_ATTR_BASE, sizeof(base), &base) ||
	    nla_put(msg, hdr->mdtype == NSH_M_TYPE1 ? OVS_NSH_KEY_ATTR_MD1 : OVS_NSH_KEY_ATTR_MD2,
		    data->len - NSH_BASE_HDR_LEN, &hdr->md1))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	nla_nest_end(msg, outer);
	return 0;
}

static int dump_nested(const struct tn_act *act, struct sk_buff *msg)
{
	const struct tn_act_list *list = tn_act_list(act);
	struct nlattr *nest;
	int err;

	if (act->type == OVS_ACTION_ATTR_CLONE)
		return tn_actions_dump(list, msg, OVS_ACTION_ATTR_CLONE);
	nest = nla_nest_start_noflag(msg, act->type);
	if (!nest)
		return -EMSGSIZE;
	if (act->type == OVS_ACTION_ATTR_SAMPLE)
		err = nla_put_u32(msg, OVS_SAMPLE_ATTR_PROBABILITY, act->arg) ?:
		      tn_actions_dump(list, msg, OVS_SAMPLE_ATTR_ACTIONS);
	else if (act->type == OVS_ACTION_ATTR_DEC_TTL)
		err = tn_actions_dump(list, msg, OVS_DEC_TTL_ATTR_ACTION);
	else
		err = nla_put_u16(msg, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, act->arg) ?:
		      tn_actions_dump(tn_act_list_after(list), msg, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL) ?:
		      tn_actions_dump(list, msg, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER);
	if (!err)
		nla_nest_end(msg, nest);
	return err;
}

/* RCU read side. 0 or -EMSGSIZE. */
static int dump_one(const struct tn_act *act, struct sk_buff *msg)
{
	struct ovs_action_push_vlan vlan;
	struct ovs_action_hash hash;

	switch (act->type) {
	case OVS_ACTION_ATTR_OUTPUT:
	case OVS_ACTION_ATTR_TRUNC:
	case OVS_ACTION_ATTR_RECIRC:
	case OVS_ACTION_ATTR_METER:
		return nla_put_u32(msg, act->type, act->arg);
	case OVS_ACTION_ATTR_POP_VLAN:
	case OVS_ACTION_ATTR_POP_ETH:
	case OVS_ACTION_ATTR_CT_CLEAR:
	case OVS_ACTION_ATTR_POP_NSH:
		return nla_put_flag(msg, act->type);
	case OVS_ACTION_ATTR_HASH:
		hash = (struct ovs_action_hash) { OVS_HASH_ALG_L4, act->arg };
		return nla_put(msg, act->type, sizeof(hash), &hash);
	case OVS_ACTION_ATTR_PUSH_VLAN:
		vlan = (struct ovs_action_push_vlan) { htons(act->arg >> 16), htons(act->arg & 0xffff) };
		return nla_put(msg, act->type, sizeof(vlan), &vlan);
	case OVS_ACTION_ATTR_POP_MPLS:
		return nla_put_be16(msg, act->type, htons(act->arg));
	case OVS_ACTION_ATTR_PUSH_MPLS:
		return nla_put(msg, act->type, sizeof(struct ovs_action_push_mpls), act->data);
	case OVS_ACTION_ATTR_ADD_MPLS:
		return nla_put(msg, act->type, sizeof(struct ovs_action_add_mpls), act->data);
	case OVS_ACTION_ATTR_PUSH_ETH:
		return nla_put(msg, act->type, sizeof(struct ovs_action_push_eth), act->data);
	case OVS_ACTION_ATTR_PUSH_NSH:
		return dump_push_nsh(act, msg);
	case OVS_ACTION_ATTR_USERSPACE:
		return dump_userspace(act, msg);
	case OVS_ACTION_ATTR_SET:
	case OVS_ACTION_ATTR_SET_MASKED:
		return dump_set(act, msg);
	case TN_ACT_SET_TUNNEL:
		return dump_tunnel(act, msg);
	case OVS_ACTION_ATTR_CT:
		return tn_ct_dump(act, msg);
	default:
		return dump_nested(act, msg);
	}
}

int tn_actions_dump(const struct tn_act_list *list, struct sk_buff *msg, int type)
{
	struct nlattr *nest = nla_nest_start_noflag(msg, type);
	const struct tn_act *act;

	if (!nest)
		return -EMSGSIZE;
	tn_for_each_act(act, list)
		if (dump_one(act, msg))
			goto cancel;
	if (skb_tail_pointer(msg) - (unsigned char *)nest > U16_MAX)	/* some grew on the way back */
		goto cancel;
	nla_nest_end(msg, nest);
	return 0;

cancel:
	nla_nest_cancel(msg, nest);
	return -EMSGSIZE;
}

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
