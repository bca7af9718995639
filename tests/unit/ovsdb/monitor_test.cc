// What monitors tell of changes, and that they merge what was not sent yet.
#include "ovsdb/server/monitor.h"

#include "tests/unit/ovsdb/test_database.h"

namespace turnout::ovsdb::server {
namespace {

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::unique_ptr<Monitor> watch(TestDatabase& db, const char* requests, MonitorMethod method) {
  auto tables = parse_monitor_requests(*db.database, *json::Json::parse(requests), method);
  EXPECT_TRUE(tables.has_value());
  return std::make_unique<Monitor>(*db.database, method, json::Json("id"), std::move(*tables), [] {});
}

TEST(Monitor, TellsOldAndNewValues) {
  TestDatabase db;
  auto monitor = watch(db, R"({"Root":{"columns":["name","count"]}})", MonitorMethod::kMonitor);
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  EXPECT_TRUE(says(monitor->take_update(), R"({"new":{"name":"a","count":0}})"));
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":5}})");
  EXPECT_TRUE(says(monitor->take_update(), R"({"new":{"name":"a","count":5},"old":{"count":0}})"));
  db.transact(R"({"op":"delete","table":"Root","where":[]})");
  EXPECT_TRUE(says(monitor->take_update(), R"({"old":{"name":"a","count":5}})"));
}

TEST(Monitor, SaysNothingOfColumnsNobodyAskedFor) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  auto monitor = watch(db, R"({"Root":{"columns":["name"]}})", MonitorMethod::kMonitor);
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":5}})");
  EXPECT_EQ(monitor->take_update(), "");
}

TEST(Monitor, MergesChangesThatWereNotSent) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  auto monitor = watch(db, R"({"Root":{"columns":["count"]}})", MonitorMethod::kMonitor);
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":1}})");
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":2}})");
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"b"}})");
  db.transact(R"({"op":"delete","table":"Root","where":[["name","==","b"]]})");
  const std::string update = monitor->take_update();
  EXPECT_TRUE(says(update, R"({"new":{"count":2},"old":{"count":0}})"));
  EXPECT_EQ(update.find("\"new\""), update.rfind("\"new\""));
  EXPECT_FALSE(monitor->has_pending());
}

TEST(Monitor, ConditionalRowsComeAndGoWithTheirCondition) {
  TestDatabase db;
  auto monitor = watch(db, R"({"Root":[{"columns":["name"],"where":[["count",">",0]]}]})", MonitorMethod::kMonitorCond);
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  EXPECT_EQ(monitor->take_update(), "");
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":1}})");
  EXPECT_TRUE(says(monitor->take_update(), R"({"insert":{"name":"a"}})"));
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":0}})");
  EXPECT_TRUE(says(monitor->take_update(), R"({"delete":null})"));
}

TEST(Monitor, SetsAreToldAsDifferences) {
  TestDatabase db;
  auto monitor = watch(db, R"({"Root":[{"columns":["words"]}]})", MonitorMethod::kMonitorCond);
  db.transact(R"({"op":"insert","table":"Root","row":{"words":["set",["a","b"]]}})");
  monitor->take_update();
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"words":["set",["b","c"]]}})");
  EXPECT_TRUE(says(monitor->take_update(), R"({"modify":{"words":["set",["a","c"]]}})"));
}

TEST(Monitor, AChangeOfConditionTellsTheDifference) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a","count":1}},{"op":"insert","table":"Root","row":{"name":"b"}})");
  auto monitor = watch(db, R"({"Root":[{"columns":["name"],"where":[["count",">",0]]}]})", MonitorMethod::kMonitorCond);
  ASSERT_TRUE(monitor->change_conditions(*json::Json::parse(R"({"Root":[{"where":[["count","==",0]]}]})"), json::Json("new")));
  const std::string update = monitor->take_update();
  EXPECT_TRUE(says(update, "\"new\","));
  EXPECT_TRUE(says(update, R"({"insert":{"name":"b"}})"));
  EXPECT_TRUE(says(update, R"({"delete":null})"));
}

TEST(Monitor, ThoseThatAskAlikeShareOneFeedAndEachHearsAllInItsOwnTime) {
  TestDatabase db;
  const char* requests = R"({"Root":{"columns":["count"]}})";
  auto quick = watch(db, requests, MonitorMethod::kMonitor), slow = watch(db, requests, MonitorMethod::kMonitor);
  auto other = watch(db, R"({"Root":{"columns":["name"]}})", MonitorMethod::kMonitor);
  EXPECT_EQ(db.database->feeds.size(), 2u);
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  EXPECT_TRUE(says(quick->take_update(), R"({"new":{"count":0}})"));
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":5}})");
  EXPECT_TRUE(says(quick->take_update(), R"({"new":{"count":5},"old":{"count":0}})"));
  EXPECT_TRUE(says(slow->take_update(), R"({"new":{"count":5}})"));
  EXPECT_TRUE(says(other->take_update(), R"({"new":{"name":"a"}})"));
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":6}})");
  EXPECT_EQ(quick->take_update(), slow->take_update());
  EXPECT_EQ(quick->take_update(), "");
}

TEST(Monitor, ThoseThatShareAFeedAreToldUnderTheirOwnNames) {
  for (const MonitorMethod method : {MonitorMethod::kMonitor, MonitorMethod::kMonitorCond, MonitorMethod::kMonitorCondSince}) {
    TestDatabase db;
    std::vector<std::unique_ptr<Monitor>> monitors;
    for (const char* id : {"\"a\"", "\"a\"", "[\"a\",1]", "\"a\""}) {
      auto tables = parse_monitor_requests(*db.database, *json::Json::parse(R"({"Root":[{"columns":["name"]}]})"), method);
      ASSERT_TRUE(tables);
      monitors.push_back(std::make_unique<Monitor>(*db.database, method, (*json::Json::parse(std::string("[") + id + "]"))[0],
                                                   std::move(*tables), [] {}));
    }
    for (const char* name : {"one", "two"}) {   // the text of one change is not that of the next
      db.transact(std::string(R"({"op":"insert","table":"Root","row":{"name":")") + name + "\"}}");
      std::vector<std::string> updates;
      for (const auto& monitor : monitors) updates.push_back(monitor->take_update());
      EXPECT_EQ(updates[0], updates[1]);
      EXPECT_EQ(updates[0], updates[3]);
      EXPECT_TRUE(says(updates[0], R"("params":["a",)"));
      EXPECT_TRUE(says(updates[2], R"("params":[["a",1],)"));
      EXPECT_TRUE(says(updates[0], name));
      EXPECT_TRUE(says(updates[2], name));
    }
  }
}

TEST(Monitor, ChangedConditionsConcernOneClientAlone) {
  TestDatabase db;
  const char* requests = R"({"Root":[{"columns":["name"],"where":[["count",">",0]]}]})";
  auto changed = watch(db, requests, MonitorMethod::kMonitorCond), same = watch(db, requests, MonitorMethod::kMonitorCond);
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  (void)changed->take_update();
  (void)same->take_update();
  ASSERT_TRUE(changed->change_conditions(*json::Json::parse(R"({"Root":[{"where":[true]}]})"), json::Json("id")));
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"b"}})");
  const std::string update = changed->take_update();
  EXPECT_TRUE(says(update, R"({"insert":{"name":"a"}})"));
  EXPECT_TRUE(says(update, R"({"insert":{"name":"b"}})"));
  EXPECT_EQ(same->take_update(), "");
}

// The members of a monitor_cond_since result.
struct Since {
  bool found;
  std::string last, updates;
};
Since ask(TestDatabase& db, const std::string& last) {
  auto monitor = watch(db, R"({"Root":{"columns":["name","count"]}})", MonitorMethod::kMonitorCondSince);
  auto result = json::Json::parse(monitor->initial(*Uuid::parse(last)));
  EXPECT_TRUE(result);
  return {(*result)[0].as_bool(), std::string((*result)[1].as_string()), (*result)[2].dump()};
}
const std::string kZero(Uuid().to_string());

TEST(History, NewcomerGetsEverythingAndANameForIt) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  const Since all = ask(db, kZero);
  EXPECT_FALSE(all.found);
  EXPECT_NE(all.last, kZero);
  EXPECT_TRUE(says(all.updates, R"("initial")"));
}

TEST(History, ReturningClientGetsWhatItMissedAsOne) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  const std::string then = ask(db, kZero).last;
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":1}})");
  db.transact(R"({"op":"update","table":"Root","where":[],"row":{"count":2}})");
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"b"}})");
  const Since missed = ask(db, then);
  EXPECT_TRUE(missed.found);
  EXPECT_NE(missed.last, then);
  EXPECT_TRUE(says(missed.updates, R"({"modify":{"count":2}})")) << missed.updates;
  EXPECT_TRUE(says(missed.updates, R"({"insert":{"name":"b"}})")) << missed.updates;
  EXPECT_FALSE(says(missed.updates, "initial"));
}

TEST(History, NothingMissedIsNothingSent) {
  TestDatabase db;
  const std::string then = ask(db, kZero).last;
  const Since missed = ask(db, then);
  EXPECT_TRUE(missed.found);
  EXPECT_EQ(missed.last, then);
  EXPECT_EQ(missed.updates, "{}");
}

TEST(History, UpdatesCarryTheNameOfWhatTheyLeadTo) {
  TestDatabase db;
  auto monitor = watch(db, R"({"Root":{"columns":["name"]}})", MonitorMethod::kMonitorCondSince);
  (void)monitor->initial(Uuid());
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  EXPECT_TRUE(says(monitor->take_update(), ask(db, kZero).last.c_str()));
}

TEST(History, WhoWasAwayTooLongGetsEverything) {
  TestDatabase db;
  db.transact(R"({"op":"insert","table":"Root","row":{"name":"a"}})");
  const std::string then = ask(db, kZero).last;
  for (int i = 0; i < 101; ++i)
    db.transact(R"({"op":"mutate","table":"Root","where":[],"mutations":[["count","+=",1]]})");
  EXPECT_FALSE(ask(db, then).found);
}

TEST(History, AnotherServersNameIsNotKnown) {
  TestDatabase here, there;
  const std::string name = ask(there, kZero).last;
  EXPECT_FALSE(ask(here, name).found);
}

}  // namespace
}  // namespace turnout::ovsdb::server
