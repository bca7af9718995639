// What the replica asks for while it runs: other conditions, a lock given back, another server of a cluster.
#include "lib/ovsdb/idl.h"
#include "lib/ovsdb/idl_txn.h"
#include "tests/unit/lib/ovsdb/fake_server.h"

namespace turnout::ovsdb {
namespace {

const char* kSchema = R"({"name":"D","tables":{"Node":{"columns":{"name":{"type":"string"}},"isRoot":true}}})";
const char* kContents = R"([false,"11111111-0000-4000-8000-000000000001",{}])";

class MonitorTest : public ::testing::Test {
 protected:
  std::unique_ptr<FakeServer> make_server() {
    auto made = std::make_unique<FakeServer>(loop, js(kSchema), js(kContents));
    made->monitor_method = "monitor_cond_since";
    return made;
  }
  void start(const std::string& remotes, bool leader_only = false) {
    Idl::Options options;
    options.leader_only = leader_only;
    options.session.reconnect.min_backoff = std::chrono::milliseconds(1);
    options.session.reconnect.max_backoff = std::chrono::milliseconds(2);
    options.session.reconnect.probe_interval = Duration(0);
    idl = std::make_unique<Idl>(loop, schema, remotes, options);
    idl->start();
    ASSERT_TRUE(until([&] { return idl->is_connected(); })) << idl->last_error().message;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, std::chrono::seconds(20)); }
  const TableSchema& table() { return *schema->find("Node"); }

  io::Loop loop;
  std::shared_ptr<const Schema> schema = *Schema::from_json(js(kSchema));
  std::unique_ptr<FakeServer> server = make_server();
  std::unique_ptr<Idl> idl;
};

TEST_F(MonitorTest, ConditionsChangeWhileItRuns) {
  start(server->remote());
  EXPECT_TRUE(idl->conditions_settled());
  idl->monitor_where(table(), js(R"([["name","==","a"]])"));
  EXPECT_FALSE(idl->conditions_settled());
  ASSERT_TRUE(until([&] { return idl->conditions_settled(); }));
  EXPECT_EQ(server->requests.back(), R"(monitor_cond_change [["idl","D"],["idl","D"],{"Node":[{"where":[["name","==","a"]]}]}])");
  idl->monitor_where(table(), json::Json());
  ASSERT_TRUE(until([&] { return idl->conditions_settled(); }));
  EXPECT_EQ(server->requests.back(), R"(monitor_cond_change [["idl","D"],["idl","D"],{"Node":[{"where":[true]}]}])");
  size_t before = server->requests.size();
  idl->monitor_where(table(), json::Json());   // what it is already
  EXPECT_TRUE(idl->conditions_settled());
  EXPECT_EQ(server->requests.size(), before);
}

TEST_F(MonitorTest, AConditionThatWasNotConfirmedAsksForEverythingAfterALoss) {
  start(server->remote());
  server->holds_conditions = true;
  idl->monitor_where(table(), js(R"([["name","==","a"]])"));
  ASSERT_TRUE(until([&] { return server->requests.back().starts_with("monitor_cond_change"); }));
  server->close();
  ASSERT_TRUE(until([&] { return !idl->is_connected(); }));
  server->open();
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
  EXPECT_EQ(server->requests.back(), R"(monitor_cond_since ["D",["idl","D"],{"Node":[{"columns":["name"],"where":[["name","==","a"]]}]},"00000000-0000-0000-0000-000000000000"])");
  EXPECT_TRUE(idl->conditions_settled());
}

TEST_F(MonitorTest, AnUnchangedConditionGoesOnWhereItWas) {
  start(server->remote());
  server->close();
  ASSERT_TRUE(until([&] { return !idl->is_connected(); }));
  server->open();
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
  EXPECT_NE(server->requests.back().find("\"11111111-0000-4000-8000-000000000001\""), std::string::npos);
}

TEST_F(MonitorTest, ALockIsGivenBack) {
  start(server->remote());
  idl->set_lock("me");
  ASSERT_TRUE(until([&] { return idl->lock_contended(); }));
  idl->set_lock("");
  ASSERT_TRUE(until([&] { return server->requests.back() == R"(unlock ["me"])"; }));
  EXPECT_FALSE(idl->lock_contended());
  server->notify("locked", R"(["me"])");   // it had crossed the request
  idl->monitor_where(table(), js("[true]"));
  ASSERT_TRUE(until([&] { return idl->conditions_settled(); }));
  EXPECT_FALSE(idl->has_lock());
}

TEST_F(MonitorTest, ARowMayKeepTheUuidThatItsMakerChose) {
  start(server->remote());
  IdlTxn txn(*idl);
  Uuid uuid = *Uuid::parse("99999999-0000-4000-8000-000000000009");
  txn.insert_as(table(), uuid).set(*table().find("name"), Datum::string("n"));
  server->answers.push_back(R"([{"uuid":["uuid","99999999-0000-4000-8000-000000000009"]}])");
  ASSERT_EQ(txn.commit_block(std::chrono::seconds(20)), TxnStatus::kSuccess);
  EXPECT_NE(server->transactions[0].find(R"("uuid":"99999999-0000-4000-8000-000000000009")"), std::string::npos);
  EXPECT_EQ(txn.inserted_uuid(uuid), uuid);
}

TEST_F(MonitorTest, APassiveRemoteWaitsForTheServerAndForItsReturn) {
  const std::string socket = server->remote() + ".client";
  Idl::Options options;
  options.session.retry = false;
  idl = std::make_unique<Idl>(loop, schema, "p" + socket, options);
  idl->start();
  loop.poll();
  EXPECT_TRUE(idl->is_alive());
  server->call(socket);
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
  server->close();
  ASSERT_TRUE(until([&] { return !idl->is_connected(); }));
  EXPECT_TRUE(idl->is_alive());
  server->call(socket);
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
}

TEST_F(MonitorTest, AFollowerIsLeftForTheLeader) {
  auto leader = make_server();
  server->about_itself = R"({"Database":{"x":{"initial":{"model":"clustered","leader":false,"connected":true}}}})";
  leader->about_itself = R"({"Database":{"x":{"initial":{"model":"clustered","leader":true,"connected":true}}}})";
  start(server->remote() + "," + leader->remote(), true);
  ASSERT_TRUE(until([&] { return leader->connections == 1 && idl->is_connected(); }));
  EXPECT_EQ(server->connections, 1);
  // It loses the office: back to the other.
  server->about_itself = leader->about_itself;
  leader->notify("update2", R"([["idl","_Server"],{"Database":{"x":{"modify":{"leader":false}}}}])");
  ASSERT_TRUE(until([&] { return server->connections == 2 && idl->is_connected(); }));
}

TEST_F(MonitorTest, AServerThatIsNoClusterNeedNotLead) {
  auto other = make_server();
  server->about_itself = R"({"Database":{"x":{"initial":{"model":"standalone","leader":false,"connected":true}}}})";
  start(server->remote() + "," + other->remote(), true);
  idl->monitor_where(table(), js("[true]"));   // whose answer comes after the server's record
  ASSERT_TRUE(until([&] { return idl->conditions_settled(); }));
  EXPECT_EQ(other->connections, 0);
}

}  // namespace
}  // namespace turnout::ovsdb
