// Tables and columns by the names people type.
#include "utilities/ovs-vsctl/columns.h"

#include <gtest/gtest.h>

namespace turnout::vsctl {
namespace {

const ovsdb::Schema& schema() { return *vswitch::Idl::built_in_schema(); }

std::string table(std::string_view typed) {
  auto found = find_table(schema(), typed);
  return found ? (*found)->name : found.error().message;
}

std::string column(std::string_view in, std::string_view typed) {
  auto found = find_column(**find_table(schema(), in), typed);
  return found ? (*found)->name : found.error().message;
}

TEST(VsctlColumns, CaseAndDashesDoNotMatter) {
  EXPECT_EQ(table("bridge"), "Bridge");
  EXPECT_EQ(table("open-vswitch"), "Open_vSwitch");
  EXPECT_EQ(column("Interface", "Admin-State"), "admin_state");
  EXPECT_TRUE(equal_names("other-config", "OTHER_CONFIG"));
  EXPECT_FALSE(equal_names("other", "other_config"));
}

TEST(VsctlColumns, UniquePrefixIsEnough) {
  EXPECT_EQ(table("Br"), "Bridge");
  EXPECT_EQ(column("Bridge", "fail"), "fail_mode");
}

TEST(VsctlColumns, WholeNameWinsOverLongerOnes) {
  EXPECT_EQ(table("Flow_Table"), "Flow_Table");
  EXPECT_EQ(column("Port", "tag"), "tag");
  EXPECT_EQ(column("Interface", "mtu"), "mtu");
}

TEST(VsctlColumns, AmbiguousNamesAreRefused) {
  EXPECT_EQ(table("F"), "multiple table names match \"F\"");
  EXPECT_EQ(column("Interface", "link_"), "Interface contains more than one column whose name matches \"link_\"");
}

TEST(VsctlColumns, UnknownNamesAreRefused) {
  EXPECT_EQ(table("Switch"), "unknown table \"Switch\"");
  EXPECT_EQ(column("Bridge", "xyz"), "Bridge does not contain a column whose name matches \"xyz\"");
}

TEST(VsctlColumns, UuidIsAColumnThatNobodyChanges) {
  EXPECT_EQ(column("Bridge", "_uuid"), "_uuid");
  const ovsdb::TableSchema& bridge = **find_table(schema(), "Bridge");
  auto name = find_mutable_column(bridge, "name");
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().message, "cannot modify read-only column name in table Bridge");
  EXPECT_FALSE(find_mutable_column(bridge, "_uuid"));
  EXPECT_TRUE(find_mutable_column(bridge, "fail_mode"));
}

}  // namespace
}  // namespace turnout::vsctl
