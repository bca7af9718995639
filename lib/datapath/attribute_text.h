// Text of one attribute of a key: `ipv4(src=…)`, `skb_mark(0x1/0xf)`, both ways; for flows and for set actions. The rows of
// key_text_fields.h say what stands in each. Pure. lib/datapath only.
#pragma once

#include <string>
#include <string_view>

#include "lib/datapath/key_text_fields.h"
#include "lib/flow/match.h"

namespace turnout::datapath {

const AttributeRow* find_attribute(std::string_view name);
// Some bit of the attribute is compared (or set).
bool is_compared(const AttributeRow& row, const flow::FlowKey& key, const flow::FlowMask& mask);
// Adds all bits of the attribute to the mask.
void fill_attribute(const AttributeRow& row, flow::FlowMask& mask);
// Appends NAME(…). verbose: also members that are not compared.
void append_attribute(std::string& out, const AttributeRow& row, const flow::FlowKey& key, const flow::FlowMask& mask, bool verbose);
// What an action sets: nothing but what is in the mask.
void append_set_attribute(std::string& out, const AttributeRow& row, const flow::FlowKey& key, const flow::FlowMask& mask);
// Adds what stands in the parentheses to the match; members that are not named are left alone.
bool parse_attribute(flow::Match& match, const AttributeRow& row, std::string_view body);

}  // namespace turnout::datapath
