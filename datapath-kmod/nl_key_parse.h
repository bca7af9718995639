/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of key parsing share. Process context. */
#ifndef TN_NL_KEY_PARSE_H
#define TN_NL_KEY_PARSE_H

#include <linux/netlink.h>
#include "key.h"
#include "nl.h"

/* Attributes of a key, or of a mask, with those nested in ENCAP once taken out of it. */
struct parse {
	const struct nlattr *a[OVS_KEY_ATTR_MAX + 1];
	u64 present;
	bool is_mask;
	bool ones;		/* a mask of ones for each attribute of the key */
	struct netlink_ext_ack *extack;
};

static inline void drop(struct parse *p, u64 which)
{
	p->present &= ~which;
}

static inline bool has(const struct parse *p, unsigned int type)
{
	return p->present & BIT_ULL(type);
}

/* Copies a whole attribute, or ones. */
static inline void take(const struct parse *p, unsigned int type, void *to, size_t len)
{
	if (p->ones)
		memset(to, 0xff, len);
	else
		memcpy(to, nla_data(p->a[type]), len);
}

static inline u32 take_u32(const struct parse *p, unsigned int type)
{
	return p->ones ? U32_MAX : nla_get_u32(p->a[type]);
}

static inline __be16 take_be16(const struct parse *p, unsigned int type)
{
	return p->ones ? htons(0xffff) : nla_get_be16(p->a[type]);
}

/* Layers 3 and 4 and the original tuple from the attributes. -EINVAL with extack. */
int tn_take_l3(const struct parse *p, struct tn_key *key);
/* The original tuple alone. */
void tn_take_ct_tuple(const struct parse *p, struct tn_key *key);

#endif
