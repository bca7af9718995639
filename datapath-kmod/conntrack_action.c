// SPDX-License-Identifier: GPL-2.0
/* ct() from netlink into an action list. Process context where it may sleep; see conntrack.h. */
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netlink.h>
#include "conntrack_action.h"
#include "nl.h"

struct marks {
	u32 value, mask;
};

struct labels {
	struct ovs_key_ct_labels value, mask;
};

static const struct nla_policy ct_policy[OVS_CT_ATTR_MAX + 1] = {
	[OVS_CT_ATTR_COMMIT] = { .type = NLA_FLAG },
	[OVS_CT_ATTR_ZONE] = { .type = NLA_U16 },
	[OVS_CT_ATTR_MARK] = NLA_POLICY_EXACT_LEN(sizeof(struct marks)),
	[OVS_CT_ATTR_LABELS] = NLA_POLICY_EXACT_LEN(sizeof(struct labels)),
	[OVS_CT_ATTR_HELPER] = { .type = NLA_NUL_STRING, .len = NF_CT_HELPER_NAME_LEN - 1 },
	[OVS_CT_ATTR_NAT] = { .type = NLA_UNSPEC },
	[OVS_CT_ATTR_FORCE_COMMIT] = { .type = NLA_FLAG },
	[OVS_CT_ATTR_EVENTMASK] = { .type = NLA_U32 },
	[OVS_CT_ATTR_TIMEOUT] = { .type = NLA_NUL_STRING, .len = CTNL_TIMEOUT_NAME_MAX - 1 },
};

static const struct nla_policy nat_policy[OVS_NAT_ATTR_MAX + 1] = {
	[OVS_NAT_ATTR_SRC] = { .type = NLA_FLAG },
	[OVS_NAT_ATTR_DST] = { .type = NLA_FLAG },
	[OVS_NAT_ATTR_IP_MIN] = { .type = NLA_UNSPEC },
	[OVS_NAT_ATTR_IP_MAX] = { .type = NLA_UNSPEC },
	[OVS_NAT_ATTR_PROTO_MIN] = { .type = NLA_U16 },
	[OVS_NAT_ATTR_PROTO_MAX] = { .type = NLA_U16 },
	[OVS_NAT_ATTR_PERSISTENT] = { .type = NLA_FLAG },
	[OVS_NAT_ATTR_PROTO_HASH] = { .type = NLA_FLAG },
	[OVS_NAT_ATTR_PROTO_RANDOM] = { .type = NLA_FLAG },
};

/* Copies an address of the action's family; its length tells. */
static int get_address(struct tn_act_builder *b, const struct nlattr *attr, u8 family, union nf_inet_addr *address)
{
	int len = family == NFPROTO_IPV4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	if (nla_len(attr) != len)
		return FAIL(b->extack, attr, "OVS_NAT_ATTR_IP: not an address of the flow's eth_type");
	memcpy(address, nla_data(attr), len);
	return 0;
}

static int get_addresses(struct tn_act_builder *b, struct nlattr **a, struct tn_act_ct *ct)
{
	const struct nlattr *min = a[OVS_NAT_ATTR_IP_MIN], *max = a[OVS_NAT_ATTR_IP_MAX];
	int err;

	if (max && !min)
		return FAIL(b->extack, max, "OVS_NAT_ATTR_IP_MAX without OVS_NAT_ATTR_IP_MIN");
	if (!min)
		return 0;
	err = get_address(b, min, ct->family, &ct->range.min_addr);
	if (!err)
		err = get_address(b, max ?: min, ct->family, &ct->range.max_addr);
	ct->has_address = true;
	ct->range.flags |= NF_NAT_RANGE_MAP_IPS;
	return err;
}

static int get_ports(struct tn_act_builder *b, struct nlattr **a, struct tn_act_ct *ct)
{
	const struct nlattr *min = a[OVS_NAT_ATTR_PROTO_MIN], *max = a[OVS_NAT_ATTR_PROTO_MAX];

	if (max && !min)
		return FAIL(b->extack, max, "OVS_NAT_ATTR_PROTO_MAX without OVS_NAT_ATTR_PROTO_MIN");
	if (!min)
		return 0;
	if (max && nla_get_u16(max) < nla_get_u16(min))
		return FAIL(b->extack, max, "OVS_NAT_ATTR_PROTO_MAX is less than OVS_NAT_ATTR_PROTO_MIN");
	ct->range.min_proto.all = htons(nla_get_u16(min));
	ct->range.max_proto.all = htons(nla_get_u16(max ?: min));
	ct->range.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	return 0;
}

static int get_nat(struct tn_act_builder *b, const struct nlattr *nest, struct tn_act_ct *ct)
{
	struct nlattr *a[OVS_NAT_ATTR_MAX + 1];
	int err, i;

	err = nla_parse_deprecated_strict(a, OVS_NAT_ATTR_MAX, nla_data(nest), nla_len(nest), nat_policy, b->extack);
	if (err)
		return err;
	if (a[OVS_NAT_ATTR_SRC] && a[OVS_NAT_ATTR_DST])
		return FAIL(b->extack, nest, "OVS_CT_ATTR_NAT: source and destination cannot be translated by one ct()");
	ct->nat = a[OVS_NAT_ATTR_SRC] ? TN_NAT_SRC : a[OVS_NAT_ATTR_DST] ? TN_NAT_DST : TN_NAT_KNOWN;
	if (ct->nat == TN_NAT_KNOWN) {
		for (i = 1; i <= OVS_NAT_ATTR_MAX; i++)
			if (a[i])
				return FAIL(b->extack, a[i], "OVS_NAT_ATTR: a range without OVS_NAT_ATTR_SRC or _DST");
		return 0;
	}
	if (!ct->commit)
		return FAIL(b->extack, nest, "OVS_NAT_ATTR_SRC and _DST are for OVS_CT_ATTR_COMMIT");
	err = get_addresses(b, a, ct);
	if (!err)
		err = get_ports(b, a, ct);
	if (err)
		return err;
	if (a[OVS_NAT_ATTR_PROTO_HASH] && a[OVS_NAT_ATTR_PROTO_RANDOM])
		return FAIL(b->extack, nest, "OVS_NAT_ATTR_PROTO_HASH and _PROTO_RANDOM exclude each other");
	ct->range.flags |= (a[OVS_NAT_ATTR_PERSISTENT] ? NF_NAT_RANGE_PERSISTENT : 0) |
			   (a[OVS_NAT_ATTR_PROTO_HASH] ? NF_NAT_RANGE_PROTO_RANDOM : 0) |
			   (a[OVS_NAT_ATTR_PROTO_RANDOM] ? NF_NAT_RANGE_PROTO_RANDOM_FULLY : 0);
	return 0;
}

/* Fields that stand for themselves. */
static int get_plain(struct tn_act_builder *b, struct nlattr **a, struct tn_act_ct *ct)
{
	const struct nlattr *bad = NULL;
	unsigned int i;

	ct->force = !!a[OVS_CT_ATTR_FORCE_COMMIT];
	ct->commit = ct->force || a[OVS_CT_ATTR_COMMIT];
	if (a[OVS_CT_ATTR_COMMIT] && ct->force)
		return FAIL(b->extack, a[OVS_CT_ATTR_COMMIT], "OVS_CT_ATTR_COMMIT and OVS_CT_ATTR_FORCE_COMMIT exclude each other");
	nf_ct_zone_init(&ct->zone, a[OVS_CT_ATTR_ZONE] ? nla_get_u16(a[OVS_CT_ATTR_ZONE]) : NF_CT_DEFAULT_ZONE_ID,
			NF_CT_DEFAULT_ZONE_DIR, 0);
	if (a[OVS_CT_ATTR_MARK]) {
		const struct marks *mark = nla_data(a[OVS_CT_ATTR_MARK]);

		if (!mark->mask)
			return FAIL(b->extack, a[OVS_CT_ATTR_MARK], "OVS_CT_ATTR_MARK: the mask is zero");
		ct->has_mark = true;
		ct->mark = mark->value & mark->mask;
		ct->mark_mask = mark->mask;
		bad = a[OVS_CT_ATTR_MARK];
	}
	if (a[OVS_CT_ATTR_LABELS]) {
		const struct labels *labels = nla_data(a[OVS_CT_ATTR_LABELS]);

		if (!memchr_inv(&labels->mask, 0, sizeof(labels->mask)))
			return FAIL(b->extack, a[OVS_CT_ATTR_LABELS], "OVS_CT_ATTR_LABELS: the mask is zero");
		ct->has_labels = true;
		ct->labels_mask = labels->mask;
		for (i = 0; i < OVS_CT_LABELS_LEN_32; i++)
			ct->labels.ct_labels_32[i] = labels->value.ct_labels_32[i] & labels->mask.ct_labels_32[i];
		bad = a[OVS_CT_ATTR_LABELS];
	}
	if (a[OVS_CT_ATTR_EVENTMASK]) {
		ct->has_eventmask = true;
		ct->eventmask = nla_get_u32(a[OVS_CT_ATTR_EVENTMASK]);
	}
	if (bad && !ct->commit)
		return FAIL(b->extack, bad, "OVS_CT_ATTR_MARK and _LABELS are for OVS_CT_ATTR_COMMIT");
	return 0;
}

/* The template's helper, with the modules that it and its translation need. */
static int get_helper(struct tn_act_builder *b, const struct nlattr *attr, const struct tn_key *key,
		      struct tn_act_ct *ct)
{
	const char *name = nla_data(attr);
	struct nf_conn_help *help;

	ct->helper = nf_conntrack_helper_try_module_get(name, ct->family, key->ip.proto);
	if (!ct->helper)
		return FAIL(b->extack, attr, "OVS_CT_ATTR_HELPER: there is no such helper for the flow's protocol");
	if (ct->nat != TN_NAT_NONE) {
		if (nf_nat_helper_try_module_get(name, ct->family, key->ip.proto))
			return FAIL(b->extack, attr, "OVS_CT_ATTR_HELPER: the helper cannot translate addresses");
		ct->has_nat_helper = true;
	}
	help = nf_ct_helper_ext_add(ct->tmpl, GFP_KERNEL);
	if (!help)
		return -ENOMEM;
	rcu_assign_pointer(help->helper, ct->helper);
	return 0;
}

/* A policy that is not there (any more) leaves the connection with the usual timeouts, as in the stock module,
 * whose users probe with a name that nobody has.
 */
static void get_timeout(struct tn_act_builder *b, const struct nlattr *attr, const struct tn_key *key,
		       struct tn_act_ct *ct)
{
	if (!nla_len(attr) || !*(const char *)nla_data(attr))
		return;
	if (!nf_ct_set_timeout(b->net, ct->tmpl, ct->family, key->ip.proto, nla_data(attr)))
		nla_strscpy(ct->timeout, attr, sizeof(ct->timeout));
	else if (b->log)
		net_info_ratelimited("turnout: there is no timeout policy %s for the flow's protocol\n",
				     (const char *)nla_data(attr));
}

static void release(struct tn_act_ct *ct)
{
	if (ct->has_nat_helper)
		nf_nat_helper_put(ct->helper);
	if (ct->helper)
		nf_conntrack_helper_put(ct->helper);
	if (ct->tmpl) {
		if (ct->timeout[0])
			nf_ct_destroy_timeout(ct->tmpl);
		nf_ct_put(ct->tmpl);
	}
}

int tn_ct_parse(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key)
{
	struct nlattr *a[OVS_CT_ATTR_MAX + 1];
	struct tn_act_ct ct = { .nat = TN_NAT_NONE };
	struct tn_act *act;
	int err;

	if (!tn_key_is_ip(key))
		return FAIL(b->extack, attr, "OVS_ACTION_ATTR_CT wants an IP packet");
	ct.family = key->eth_type == htons(ETH_P_IP) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	err = nla_parse_deprecated_strict(a, OVS_CT_ATTR_MAX, nla_data(attr), nla_len(attr), ct_policy, b->extack);
	if (!err)
		err = get_plain(b, a, &ct);
	if (!err && a[OVS_CT_ATTR_NAT])
		err = get_nat(b, a[OVS_CT_ATTR_NAT], &ct);
	if (err)
		return err;
	ct.tmpl = nf_ct_tmpl_alloc(b->net, &ct.zone, GFP_KERNEL);
	if (!ct.tmpl)
		return -ENOMEM;
	if (a[OVS_CT_ATTR_TIMEOUT])
		get_timeout(b, a[OVS_CT_ATTR_TIMEOUT], key, &ct);
	if (a[OVS_CT_ATTR_HELPER])
		err = get_helper(b, a[OVS_CT_ATTR_HELPER], key, &ct);
	if (err)
		goto free;
	__set_bit(IPS_CONFIRMED_BIT, &ct.tmpl->status);	/* not before it has its extensions */
	act = tn_act_append(b, OVS_ACTION_ATTR_CT, 0, sizeof(ct));
	if (!act) {
		err = -ENOMEM;
		goto free;
	}
	memcpy(act->data, &ct, sizeof(ct));
	return 0;

free:
	release(&ct);
	return err;
}

void tn_ct_free(struct tn_act *act)
{
	release((struct tn_act_ct *)act->data);
}
