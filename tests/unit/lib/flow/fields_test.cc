// The table of fields: every row is consistent and can be written and read.
#include "lib/flow/fields.h"

#include <gtest/gtest.h>

#include <set>

namespace turnout::flow {
namespace {

TEST(Fields, NamesAndHeadersAreUnique) {
  std::set<std::string> names;
  std::set<std::tuple<int, int, uint32_t>> headers;
  for (const Field& f : fields()) {
    EXPECT_TRUE(names.insert(f.name).second) << f.name;
    EXPECT_TRUE(!*f.alias || names.insert(f.alias).second) << f.alias;
    for (const OxmHeader& h : {f.nxm, f.oxm})
      EXPECT_TRUE(!h.valid || headers.emplace(h.oxm_class, h.field, h.experimenter).second) << f.name;
  }
}

TEST(Fields, WhatIsWrittenIsReadBack) {
  for (const Field& f : fields()) {
    if (f.storage == Storage::kTunnelOption || f.name == std::string("arp_op")) continue;
    FlowKey key{};
    const FieldValue ones = FieldValue::all_ones(f);
    write_field(f, key, ones);
    EXPECT_EQ(read_field(f, key).bytes, ones.bytes) << f.name;
    write_field(f, key, FieldValue{});
    EXPECT_TRUE(equal(key, FlowKey{})) << f.name;
  }
}

TEST(Fields, FoundByNameAliasAndHeader) {
  ASSERT_TRUE(find_field("NW_SRC"));
  EXPECT_STREQ(find_field("nw_src")->name, "ip_src");
  EXPECT_STREQ(find_field(OxmHeader{kOxmBasic, 11, true, 0})->name, "ip_src");
  EXPECT_STREQ(find_field(OxmHeader{kNxmClass1, 111, true, 0})->name, "xxreg0");
  EXPECT_EQ(find_field("bogus"), nullptr);
}

TEST(Fields, ExtendedRegistersCoverTheirHalves) {
  FlowKey key{};
  const Field& xreg = *find_field("xreg1");
  write_field(xreg, key, FieldValue::from_u64(xreg, 0x1122334455667788));
  EXPECT_EQ(key.regs[2], 0x11223344u);
  EXPECT_EQ(key.regs[3], 0x55667788u);
}

}  // namespace
}  // namespace turnout::flow
