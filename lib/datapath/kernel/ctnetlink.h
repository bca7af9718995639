// Messages of the kernel's connection tracker: entries and expectations read, tuples written. nfnetlink's subsystem
// ctnetlink, <linux/netfilter/nfnetlink_conntrack.h>. Bytes are network order, read through the bounded reader. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/result.h"
#include "lib/datapath/conntrack.h"
#include "lib/datapath/kernel/attributes.h"
#include "lib/netlink/socket.h"

struct nlmsghdr;

namespace turnout::datapath::kernel {

// The attributes behind nfnetlink's header; empty where the message is too short to have any.
std::span<const uint8_t> ctnetlink_attributes(const nlmsghdr& message);

// Fails without both tuples. What else is missing or not understood is left out.
Result<CtEntry> decode_connection(std::span<const uint8_t> attributes);
Result<CtExpectation> decode_expectation(std::span<const uint8_t> attributes);

void encode_tuple(const CtTuple& tuple, uint16_t attribute, AttributeWriter& out);

netlink::Message list_connections_request(std::optional<uint16_t> zone);
netlink::Message list_expectations_request();
// Of the namespace's whole table.
netlink::Message flush_connections_request();
// Appends a request, ready for netlink::Socket::exchange(), that deletes one connection by its original direction.
// id: only if it still is the one that was seen with it.
void append_delete_request(const CtTuple& orig, uint16_t zone, std::optional<uint32_t> id, std::vector<uint8_t>& out);

}  // namespace turnout::datapath::kernel
