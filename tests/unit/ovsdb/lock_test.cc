// Who owns a lock when clients lock, steal, unlock and leave.
#include "ovsdb/server/lock.h"

#include <gtest/gtest.h>

namespace turnout::ovsdb::server {
namespace {

struct Holder : LockHolder {
  std::string heard;
  void notify_locked(const std::string& lock) override { heard += "locked " + lock + ";"; }
  void notify_stolen(const std::string& lock) override { heard += "stolen " + lock + ";"; }
};

TEST(LockTable, FirstComeFirstServed) {
  LockTable table;
  Holder a, b;
  EXPECT_TRUE(table.lock(a, "l", false));
  EXPECT_FALSE(table.lock(b, "l", false));
  EXPECT_TRUE(table.unlock(a, "l"));
  EXPECT_EQ(b.heard, "locked l;");
  EXPECT_TRUE(table.owns(b, "l"));
}

TEST(LockTable, TheVictimOfATheftWaitsBehindTheThief) {
  LockTable table;
  Holder a, thief, c;
  table.lock(a, "l", false);
  table.lock(c, "l", false);
  EXPECT_TRUE(table.lock(thief, "l", true));
  EXPECT_EQ(a.heard, "stolen l;");
  table.unlock(thief, "l");
  EXPECT_EQ(a.heard, "stolen l;locked l;");
  EXPECT_EQ(c.heard, "");
}

TEST(LockTable, ARobbedThiefDoesNotWait) {
  LockTable table;
  Holder a, thief, second;
  table.lock(a, "l", false);
  table.lock(thief, "l", true);
  EXPECT_TRUE(table.lock(second, "l", true));
  EXPECT_EQ(thief.heard, "stolen l;");
  EXPECT_TRUE(table.waits_or_owns(thief, "l"));   // it must unlock before it asks again
  table.unlock(second, "l");
  EXPECT_EQ(a.heard, "stolen l;locked l;");
  table.unlock_all(a);
  EXPECT_EQ(thief.heard, "stolen l;");
  EXPECT_TRUE(table.unlock(thief, "l"));
  EXPECT_EQ(table.size(), 0u);
}

TEST(LockTable, ALeavingClientGivesEverythingBack) {
  LockTable table;
  Holder a, b;
  table.lock(a, "x", false);
  table.lock(a, "y", false);
  table.lock(b, "y", false);
  table.unlock_all(a);
  EXPECT_EQ(b.heard, "locked y;");
  EXPECT_EQ(table.size(), 1u);
  EXPECT_FALSE(table.unlock(a, "x"));
}

}  // namespace
}  // namespace turnout::ovsdb::server
