/* SPDX-License-Identifier: GPL-2.0 */
/* What all code that reads requests shares: refusals with words, and what the six families have in common. */
#ifndef TN_NL_H
#define TN_NL_H

#include <linux/netlink.h>
#include <net/genetlink.h>

/* The error @err, with words for the requester and the attribute they are about (NULL: none). */
#define FAIL_AS(err, extack, attr, text)					\
({										\
	NL_SET_ERR_MSG_ATTR(extack, attr, text);				\
	err;									\
})
#define FAIL(extack, attr, text)	FAIL_AS(-EINVAL, extack, attr, text)

/* A command of a family; those that change anything are for administrators. */
#define TN_COMMAND(number, ...)							\
	{ .cmd = number, .validate = GENL_DONT_VALIDATE_STRICT | GENL_DONT_VALIDATE_DUMP, __VA_ARGS__ }
#define TN_ADMIN	.flags = GENL_UNS_ADMIN_PERM

/* A family @NAME of <linux/openvswitch.h>, whose attributes are OVS_@ATTR_ATTR_*. */
#define TN_FAMILY(NAME, ATTR, attr_policy, commands)				\
	.name = OVS_##NAME##_FAMILY,						\
	.version = OVS_##NAME##_VERSION,					\
	.hdrsize = sizeof(struct ovs_header),					\
	.maxattr = OVS_##ATTR##_ATTR_MAX,					\
	.policy = attr_policy,							\
	.netnsok = true,							\
	.parallel_ops = true,							\
	.small_ops = commands,							\
	.n_small_ops = ARRAY_SIZE(commands),					\
	.module = THIS_MODULE

#endif
