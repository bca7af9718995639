/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of action parsing share. */
#ifndef TN_NL_ACTIONS_H
#define TN_NL_ACTIONS_H

#include "actions.h"

/* Appends OVS_ACTION_ATTR_SET or _SET_MASKED for packets of @key, which stays. -errno with extack. Process context. */
int tn_add_set(struct tn_act_builder *b, const struct nlattr *attr, struct tn_key *key);

#endif
