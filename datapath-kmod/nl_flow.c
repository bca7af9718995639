// SPDX-License-Identifier: GPL-2.0
/* The family ovs_flow. */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "actions.h"
#include "datapath.h"
#include "nl_key.h"

#define UFID_FLAGS_KNOWN (OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK | OVS_UFID_F_OMIT_ACTIONS)

static const struct genl_multicast_group flow_group = { .name = OVS_FLOW_MCGROUP };

static const struct nla_policy flow_policy[OVS_FLOW_ATTR_MAX + 1] = {
	[OVS_FLOW_ATTR_KEY] = { .type = NLA_NESTED },
	[OVS_FLOW_ATTR_MASK] = { .type = NLA_NESTED },
	[OVS_FLOW_ATTR_ACTIONS] = { .type = NLA_NESTED },
	[OVS_FLOW_ATTR_CLEAR] = { .type = NLA_FLAG },
	[OVS_FLOW_ATTR_PROBE] = { .type = NLA_FLAG },
	[OVS_FLOW_ATTR_UFID] = { .type = NLA_BINARY, .len = TN_UFID_MAX },
	[OVS_FLOW_ATTR_UFID_FLAGS] = { .type = NLA_U32 },
};

/* What a request says about one flow. */
struct request {
	struct tn_dp *dp;		/* with a reference */
	const u8 *ufid;			/* or NULL */
	u32 ufid_len;
	u32 ufid_flags;
	int dp_ifindex;
	struct tn_key *key, *mask;	/* as given; mask trimmed. NULL where there is no key */
	struct tn_actions *acts;	/* or NULL */
	struct match *judged;		/* what the actions were validated for; NULL: none */
};

/* The packets that actions must fit. */
struct match {
	struct tn_key key;		/* masked */
	struct tn_key mask;
};

/* Releases what get_request() took and nobody else has. */
static void put_request(struct request *r)
{
	tn_actions_free(r->acts);
	kfree(r->key);
	kfree(r->mask);
	kfree(r->judged);
	if (r->dp)
		tn_dp_put(r->dp);
}

/* @key under @mask, into @masked. */
static void mask_key(const struct tn_key *key, const struct tn_key *mask, struct tn_key *masked)
{
	const u64 *k = tn_key_words_c(key), *m = tn_key_words_c(mask);
	u64 *to = tn_key_words(masked);
	unsigned int i;

	for (i = 0; i < TN_KEY_WORDS; i++)
		to[i] = k[i] & m[i];
	masked->n_words = key->n_words;
}

/* The flow of that identity. dp->lock. */
static struct tn_flow *find_flow(const struct request *r)
{
	return r->ufid ? tn_table_find_ufid(&r->dp->table, r->ufid, r->ufid_len) :
			 tn_table_find_key(&r->dp->table, r->key);
}

/* What the actions of a flow have to fit. RCU read side or dp->lock. */
static void match_of_flow(const struct tn_flow *flow, struct match *match)
{
	tn_flow_key(flow, &match->key);
	tn_mask_key(flow->mask, &match->mask);
}

/* New actions of a flow that stands have to fit that flow, whatever else the request says of it. May sleep. */
static void match_of_request(struct request *r, bool stands, struct match *match)
{
	struct tn_flow *flow = NULL;

	mask_key(r->key, r->mask, &match->key);
	match->mask = *r->mask;
	if (!stands)
		return;
	mutex_lock(&r->dp->lock);
	flow = r->dp->dead ? NULL : find_flow(r);
	if (flow)
		match_of_flow(flow, match);
	mutex_unlock(&r->dp->lock);
}

static int get_actions(struct request *r, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[OVS_FLOW_ATTR_ACTIONS];
	u8 proto;

	if (!attr)
		return 0;
	if (!r->key) {
		NL_SET_ERR_MSG(info->extack, "OVS_FLOW_ATTR_ACTIONS wants OVS_FLOW_ATTR_KEY");
		return -EINVAL;
	}
	r->judged = kmalloc(sizeof(*r->judged), GFP_KERNEL);
	if (!r->judged)
		return -ENOMEM;
	match_of_request(r, info->genlhdr->cmd == OVS_FLOW_CMD_SET, r->judged);
	proto = r->judged->key.ip.proto;
	if (r->judged->mask.ip.proto != 0xff)
		r->judged->key.ip.proto = 0;	/* some of its bits say nothing */
	r->acts = tn_actions_parse(r->dp->net, attr, &r->judged->key, !info->attrs[OVS_FLOW_ATTR_PROBE],
				   info->extack);
	r->judged->key.ip.proto = proto;
	if (!IS_ERR(r->acts))
		return 0;
	return PTR_ERR(xchg(&r->acts, NULL));
}

/* Reads all that a request may hold; put_request() in any case. May sleep. */
static int get_request(struct request *r, struct genl_info *info)
{
	const struct ovs_header *head = info->userhdr;
	struct nlattr **a = info->attrs;
	int err;

	memset(r, 0, sizeof(*r));
	r->dp_ifindex = head->dp_ifindex;
	r->dp = tn_dp_get(genl_info_net(info), head->dp_ifindex);
	if (!r->dp) {
		NL_SET_ERR_MSG(info->extack, "there is no such datapath");
		return -ENODEV;
	}
	if (a[OVS_FLOW_ATTR_UFID]) {
		r->ufid = nla_data(a[OVS_FLOW_ATTR_UFID]);
		r->ufid_len = nla_len(a[OVS_FLOW_ATTR_UFID]);
		if (!r->ufid_len) {
			NL_SET_ERR_MSG_ATTR(info->extack, a[OVS_FLOW_ATTR_UFID], "OVS_FLOW_ATTR_UFID is empty");
			return -EINVAL;
		}
	}
	r->ufid_flags = a[OVS_FLOW_ATTR_UFID_FLAGS] ?
			nla_get_u32(a[OVS_FLOW_ATTR_UFID_FLAGS]) & UFID_FLAGS_KNOWN : 0;
	if (a[OVS_FLOW_ATTR_KEY]) {
		r->key = kmalloc(sizeof(*r->key), GFP_KERNEL);
		r->mask = kmalloc(sizeof(*r->mask), GFP_KERNEL);
		if (!r->key || !r->mask)
			return -ENOMEM;
		err = tn_nl_get_match(a[OVS_FLOW_ATTR_KEY], a[OVS_FLOW_ATTR_MASK], r->key, r->mask,
				      info->extack);
		if (err)
			return err;
	} else if (!r->ufid && info->genlhdr->cmd != OVS_FLOW_CMD_DEL) {
		NL_SET_ERR_MSG(info->extack, "OVS_FLOW_ATTR_KEY is missing");
		return -EINVAL;
	}
	return get_actions(r, info);
}

/* --- answers ------------------------------------------------------------------------------------------ */

/* Largest message of a flow with these actions. */
static size_t flow_msg_size(const struct tn_actions *acts)
{
	return NLMSG_ALIGN(sizeof(struct ovs_header)) + nla_total_size(TN_UFID_MAX) +
	       3 * nla_total_size(TN_NL_KEY_MAX) +
	       nla_total_size_64bit(sizeof(struct ovs_flow_stats)) + nla_total_size_64bit(8) +
	       nla_total_size(1) + nla_total_size(acts->nl_len);
}

static int put_stats(const struct tn_flow *flow, struct sk_buff *msg)
{
	struct ovs_flow_stats stats;
	unsigned long used;
	u16 tcp_flags;
	u64 ms;

	tn_flow_stats_get(flow, &stats, &used, &tcp_flags);
	if (!stats.n_packets)
		return 0;
	ms = ktime_to_ms(ktime_get()) - jiffies_to_msecs(jiffies - used);
	if (nla_put_u64_64bit(msg, OVS_FLOW_ATTR_USED, ms, OVS_FLOW_ATTR_PAD) ||
	    nla_put_64bit(msg, OVS_FLOW_ATTR_STATS, sizeof(stats), &stats, OVS_FLOW_ATTR_PAD) ||
	    ((u8)tcp_flags && nla_put_u8(msg, OVS_FLOW_ATTR_TCP_FLAGS, tcp_flags)))
		return -EMSGSIZE;
	return 0;
}

static int put_match(const struct tn_flow *flow, struct sk_buff *msg, u32 omit)
{
	struct tn_key key, mask;

	if (flow->ufid_len) {
		if (nla_put(msg, OVS_FLOW_ATTR_UFID, flow->ufid_len, flow->ufid))
			return -EMSGSIZE;
		if ((omit & (OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK)) ==
		    (OVS_UFID_F_OMIT_KEY | OVS_UFID_F_OMIT_MASK))
			return 0;
		tn_flow_key(flow, &key);
		if (!(omit & OVS_UFID_F_OMIT_KEY) && tn_nl_put_key(msg, OVS_FLOW_ATTR_KEY, &key, NULL))
			return -EMSGSIZE;
	} else {
		key = *flow->id_key;
		if (tn_nl_put_key(msg, OVS_FLOW_ATTR_KEY, &key, NULL))
			return -EMSGSIZE;
	}
	if (omit & OVS_UFID_F_OMIT_MASK)
		return 0;
	tn_mask_key(flow->mask, &mask);
	return tn_nl_put_key(msg, OVS_FLOW_ATTR_MASK, &key, &mask);
}

/* Actions too long for a buffer that holds nothing else are left out: else a dump could never pass them. */
static int put_actions(const struct tn_actions *acts, struct sk_buff *msg, bool first)
{
	return tn_actions_dump(&acts->list, msg, OVS_FLOW_ATTR_ACTIONS) && !first ? -EMSGSIZE : 0;
}

/* RCU read side or dp->lock. 0 or -EMSGSIZE. */
static int put_flow(const struct tn_flow *flow, int dp_ifindex, struct sk_buff *msg, u32 portid, u32 seq,
		    int flags, u8 cmd, u32 omit)
{
	bool first = !msg->len;
	struct ovs_header *head = genlmsg_put(msg, portid, seq, &tn_flow_family, flags, cmd);

	if (!head)
		return -EMSGSIZE;
	head->dp_ifindex = dp_ifindex;
	if (!flow->ufid_len)
		omit = 0;
	if (put_match(flow, msg, omit) || put_stats(flow, msg) ||
	    (!(omit & OVS_UFID_F_OMIT_ACTIONS) &&
	     put_actions(rcu_dereference_raw(flow->acts), msg, first))) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

/* Whether anybody wants to hear of a change. */
static bool wanted(struct genl_info *info)
{
	return info->nlhdr->nlmsg_flags & NLM_F_ECHO ||
	       genl_has_listeners(&tn_flow_family, genl_info_net(info), 0);
}

/* dp->lock. The message of a flow, or NULL. */
static struct sk_buff *flow_msg(struct request *r, const struct tn_flow *flow, struct genl_info *info, u8 cmd)
{
	struct sk_buff *msg = genlmsg_new(flow_msg_size(rcu_dereference_raw(flow->acts)), GFP_KERNEL);

	if (msg && put_flow(flow, r->dp_ifindex, msg, info->snd_portid, info->snd_seq, 0, cmd,
			    r->ufid_flags)) {
		kfree_skb(msg);
		return NULL;
	}
	return msg;
}

/* Sends what flow_msg() made; a message that could not be made is an error at the listeners. */
static void tell(struct genl_info *info, struct sk_buff *msg)
{
	if (msg)
		genl_notify(&tn_flow_family, msg, info, 0, GFP_KERNEL);
	else
		genl_set_err(&tn_flow_family, genl_info_net(info), 0, 0, -ENOBUFS);
}

/* --- commands ------------------------------------------------------------------------------------------ */

/* A flow of the request, not yet in the table. May sleep. */
static struct tn_flow *make_flow(struct request *r)
{
	const u64 *m = tn_key_words_c(r->mask), *k = tn_key_words_c(r->key);
	unsigned int i, n = 0;
	struct tn_flow *flow;

	for (i = 0; i < TN_KEY_WORDS; i++)
		n += !!m[i];
	flow = tn_flow_alloc(n);
	if (!flow)
		return NULL;
	for (i = 0, n = 0; i < TN_KEY_WORDS; i++)
		if (m[i])
			flow->w[n++] = k[i] & m[i];
	if (r->ufid) {
		flow->ufid_len = r->ufid_len;
		memcpy(flow->ufid, r->ufid, r->ufid_len);
	} else {
		flow->id_key = kmemdup(r->key, sizeof(*r->key), GFP_KERNEL_ACCOUNT);
		if (!flow->id_key) {
			tn_flow_free(flow);
			return NULL;
		}
	}
	return flow;
}

/* Puts @fresh into the table; its mask is taken. dp->lock. */
static int insert(struct request *r, struct tn_flow *fresh)
{
	struct tn_table *table = &r->dp->table;
	struct tn_mask *mask = tn_table_get_mask(table, r->mask);
	int err;

	if (IS_ERR(mask))
		return PTR_ERR(mask);
	fresh->mask = mask;
	RCU_INIT_POINTER(fresh->acts, r->acts);
	err = tn_table_insert(table, fresh);
	if (err) {
		tn_table_put_mask(table, mask);
		RCU_INIT_POINTER(fresh->acts, NULL);
		return err;
	}
	r->acts = NULL;
	return 0;
}

/* Whether a flow in the table has the key and mask of one that is not there yet. */
static bool same_match(const struct request *r, const struct tn_flow *flow, const struct tn_flow *fresh)
{
	struct tn_key bits;

	tn_mask_key(flow->mask, &bits);
	return !memcmp(&bits, r->mask, sizeof(bits)) &&
	       !memcmp(flow->w, fresh->w, flow->mask->n * sizeof(u64));
}

/* Gives a flow new actions. dp->lock. */
static void replace_actions(struct request *r, struct tn_flow *flow)
{
	struct tn_actions *old = rcu_dereference_raw(flow->acts);

	rcu_assign_pointer(flow->acts, r->acts);
	r->acts = NULL;
	tn_actions_free_rcu(old);
}

/* Inserts @fresh, or changes the flow that is there already. dp->lock. *flow is the one in the table. */
static int insert_or_replace(struct request *r, struct genl_info *info, struct tn_flow **fresh,
			     struct tn_flow **flow)
{
	struct tn_key *masked;
	int err;

	*flow = find_flow(r);
	if (!*flow) {
		masked = kmalloc(sizeof(*masked), GFP_KERNEL);
		if (!masked)
			return -ENOMEM;
		mask_key(r->key, r->mask, masked);
		*flow = tn_table_find_match(&r->dp->table, masked);
		kfree(masked);
	}
	if (!*flow) {
		err = insert(r, *fresh);
		if (!err)
			*flow = xchg(fresh, NULL);
		return err;
	}
	if (info->nlhdr->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL)) {
		NL_SET_ERR_MSG(info->extack, "there is such a flow, or one that overlaps");
		return -EEXIST;
	}
	if (!same_match(r, *flow, *fresh)) {
		NL_SET_ERR_MSG(info->extack, "another flow has that identifier or overlaps");
		return -ENOENT;
	}
	replace_actions(r, *flow);
	return 0;
}

static int flow_new(struct sk_buff *skb, struct genl_info *info)
{
	struct tn_flow *flow, *fresh = NULL;
	struct sk_buff *msg = NULL;
	bool want = wanted(info);
	struct request r;
	int err;

	err = get_request(&r, info);
	if (!err && (!r.key || !r.acts)) {
		NL_SET_ERR_MSG(info->extack, "OVS_FLOW_ATTR_KEY or _ACTIONS is missing");
		err = -EINVAL;
	}
	if (!err) {
		fresh = make_flow(&r);
		err = fresh ? 0 : -ENOMEM;
	}
	if (err)
		goto out;
	mutex_lock(&r.dp->lock);
	err = r.dp->dead ? -ENODEV : insert_or_replace(&r, info, &fresh, &flow);
	if (!err && want)
		msg = flow_msg(&r, flow, info, OVS_FLOW_CMD_NEW);
	mutex_unlock(&r.dp->lock);
	if (!err && want)
		tell(info, msg);
out:
	tn_flow_free(fresh);
	put_request(&r);
	return err;
}

/* Whether the request's actions were validated for the packets of @flow. dp->lock. */
static bool judged_by(const struct request *r, const struct tn_flow *flow)
{
	struct match now;

	match_of_flow(flow, &now);
	return !memcmp(&now, r->judged, sizeof(now));
}

/* dp->lock. */
static int set_locked(struct request *r, struct genl_info *info, struct tn_flow **flow)
{
	*flow = r->dp->dead ? NULL : find_flow(r);
	if (!*flow || (r->acts && !judged_by(r, *flow))) {	/* it may have come or changed meanwhile */
		NL_SET_ERR_MSG(info->extack, "there is no such flow");
		return -ENOENT;
	}
	if (r->acts)
		replace_actions(r, *flow);
	if (info->attrs[OVS_FLOW_ATTR_CLEAR])
		tn_flow_stats_clear(*flow);
	return 0;
}

static int flow_set(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = NULL;
	bool want = wanted(info);
	struct tn_flow *flow;
	struct request r;
	int err;

	err = get_request(&r, info);
	if (err)
		goto out;
	mutex_lock(&r.dp->lock);
	err = set_locked(&r, info, &flow);
	if (!err && want)
		msg = flow_msg(&r, flow, info, OVS_FLOW_CMD_SET);
	mutex_unlock(&r.dp->lock);
	if (!err && want)
		tell(info, msg);
out:
	put_request(&r);
	return err;
}

static int flow_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = NULL;
	struct tn_flow *flow;
	struct request r;
	int err;

	err = get_request(&r, info);
	if (err)
		goto out;
	mutex_lock(&r.dp->lock);
	flow = r.dp->dead ? NULL : find_flow(&r);
	if (flow)
		msg = flow_msg(&r, flow, info, OVS_FLOW_CMD_GET);
	else
		NL_SET_ERR_MSG(info->extack, "there is no such flow");
	mutex_unlock(&r.dp->lock);
	err = !flow ? -ENOENT : msg ? genlmsg_reply(msg, info) : -ENOMEM;
out:
	put_request(&r);
	return err;
}

/* One flow, or all where the request names none. */
static int flow_del(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = NULL;
	struct tn_flow *flow = NULL;
	bool want = wanted(info);
	struct request r;
	int err;

	err = get_request(&r, info);
	if (err)
		goto out;
	mutex_lock(&r.dp->lock);
	if (!r.key && !r.ufid) {
		if (!r.dp->dead)
			tn_table_flush(&r.dp->table);
		mutex_unlock(&r.dp->lock);
		goto out;
	}
	flow = r.dp->dead ? NULL : find_flow(&r);
	if (flow) {
		tn_table_unlink(&r.dp->table, flow);
		if (want)
			msg = flow_msg(&r, flow, info, OVS_FLOW_CMD_DEL);
		tn_table_put_mask(&r.dp->table, flow->mask);
		tn_flow_free_rcu(flow);
	} else {
		NL_SET_ERR_MSG(info->extack, "there is no such flow");
		err = -ENOENT;
	}
	mutex_unlock(&r.dp->lock);
	if (!err && want)
		tell(info, msg);
out:
	put_request(&r);
	return err;
}

static int flow_dump(struct sk_buff *msg, struct netlink_callback *cb)
{
	const struct ovs_header *head = genlmsg_data(nlmsg_data(cb->nlh));
	struct nlattr *a[OVS_FLOW_ATTR_MAX + 1];
	u32 bucket = cb->args[0], skip = cb->args[1], omit = 0;
	struct tn_flow *flow;
	struct tn_dp *dp;
	int err;

	err = genlmsg_parse_deprecated(cb->nlh, &tn_flow_family, a, OVS_FLOW_ATTR_MAX, flow_policy, cb->extack);
	if (err)
		return err;
	if (a[OVS_FLOW_ATTR_UFID_FLAGS])
		omit = nla_get_u32(a[OVS_FLOW_ATTR_UFID_FLAGS]);
	rcu_read_lock();
	dp = tn_dp_find_rcu(sock_net(msg->sk), head->dp_ifindex);
	if (!dp) {
		rcu_read_unlock();
		return -ENODEV;
	}
	for (;;) {
		cb->args[0] = bucket;
		cb->args[1] = skip;
		flow = tn_table_next(&dp->table, &bucket, &skip);
		if (!flow || put_flow(flow, head->dp_ifindex, msg, NETLINK_CB(cb->skb).portid,
				      cb->nlh->nlmsg_seq, NLM_F_MULTI, OVS_FLOW_CMD_GET, omit))
			break;
	}
	if (!flow)
		cb->args[1] = U32_MAX;
	rcu_read_unlock();
	return msg->len;
}

static const struct genl_small_ops flow_ops[] = {
	{ .cmd = OVS_FLOW_CMD_NEW, .flags = GENL_UNS_ADMIN_PERM, .doit = flow_new,
	  .validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP },
	{ .cmd = OVS_FLOW_CMD_DEL, .flags = GENL_UNS_ADMIN_PERM, .doit = flow_del,
	  .validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP },
	{ .cmd = OVS_FLOW_CMD_GET, .doit = flow_get, .dumpit = flow_dump,
	  .validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP },
	{ .cmd = OVS_FLOW_CMD_SET, .flags = GENL_UNS_ADMIN_PERM, .doit = flow_set,
	  .validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP },
};

struct genl_family tn_flow_family __ro_after_init = {
	.hdrsize = sizeof(struct ovs_header),
	.name = OVS_FLOW_FAMILY,
	.version = OVS_FLOW_VERSION,
	.maxattr = OVS_FLOW_ATTR_MAX,
	.policy = flow_policy,
	.netnsok = true,
	.parallel_ops = true,
	.small_ops = flow_ops,
	.n_small_ops = ARRAY_SIZE(flow_ops),
	.resv_start_op = OVS_FLOW_CMD_SET + 1,
	.mcgrps = &flow_group,
	.n_mcgrps = 1,
	.module = THIS_MODULE,
};
