/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of key extraction share. Contexts and errors as tn_key_extract(). */
#ifndef TN_KEY_PARSE_H
#define TN_KEY_PARSE_H

#include "key.h"

/* Makes the first @len bytes linear. 1: they are; 0: the packet is shorter; -ENOMEM. Any context. */
static inline int pull(struct sk_buff *skb, unsigned int len)
{
	if (likely(len <= skb_headlen(skb)))
		return 1;
	if (len > skb->len)
		return 0;
	return pskb_may_pull(skb, len) ? 1 : -ENOMEM;
}

/* Neighbor Discovery at offset @at of a solicitation or advertisement; its fields of @key are zeros. */
int tn_parse_nd(struct sk_buff *skb, struct tn_key *key, unsigned int at);

/* Walks the extension headers from *at on; @next becomes the upper protocol. 1 fine, 0 malformed, -ENOMEM. */
int tn_walk_exthdrs(struct sk_buff *skb, struct tn_key *key, unsigned int *at, u8 *next);

#endif
