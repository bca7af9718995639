// What the actions of one translation share. Lives on the stack of translate().
#pragma once

#include "vswitchd/translate/tag_stack.h"
#include "vswitchd/translate/translator.h"

namespace turnout::translate {

// One packet on its way through one bridge.
struct Walk {
  const Bridge& bridge;
  const Interface& in;
  TagStack tags;             // as it came in here
  unsigned depth;            // patch ports crossed before
};

class Context {
 public:
  Context(const Snapshot& s, const flow::FlowKey& k, const net::Packet* p, Translation& o, TraceSink* t)
      : snapshot(s), key(k), packet(p), out(o), trace(t), wire_(k), wire_mark_(k.pkt_mark) {}

  const Snapshot& snapshot;
  const flow::FlowKey& key;            // as it arrived
  const net::Packet* packet;
  Translation& out;
  TraceSink* trace;

  void run(const Walk& walk);                                              // tables and actions of a bridge
  void output(const Walk& walk, const Interface& to, const TagStack& tags);  // patch ports lead into the next bridge
  void depend_on_vlan(const TagStack& tags);                               // the outer tag's presence and VLAN decide
  void set_reason(Reason reason) { if (!failed()) reason_ = reason; }
  // The packet was cut off in the middle: it goes nowhere rather than to some.
  bool failed() const { return reason_ == Reason::kTooDeep || reason_ == Reason::kTooManyActions; }
  Reason reason() const { return reason_; }
  const TagStack& wire() const { return wire_; }
  void note(const Walk& walk, const char* text) { if (trace) trace->note(walk.depth, text); }

 private:
  void execute(const Walk& walk, const ofproto::Rule& rule);
  void output_tunnel(const Walk& walk, const Interface& to, const TagStack& tags);
  void count(const Interface& i, bool sent);
  void bring_tags_to(const TagStack& target);
  void bring_mark_to(uint32_t mark);

  TagStack wire_;                      // what the datapath actions so far have made of the tags
  uint32_t wire_mark_;                 // and of the mark that the host's routing and filters see
  Reason reason_ = Reason::kNoOutput;
  unsigned bridges_ = 0;               // entered so far
};

// One action each.
void act_output(Context& ctx, const Walk& walk, const ofproto::OutputAction& action);
void act_miss_to_controller(Context& ctx, const Walk& walk);
void act_normal(Context& ctx, const Walk& walk);

}  // namespace turnout::translate
