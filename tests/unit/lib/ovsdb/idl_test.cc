// The replica against a server that follows the test's script.
#include "lib/ovsdb/idl.h"

#include "lib/ovsdb/idl_txn.h"
#include "tests/unit/lib/ovsdb/fake_server.h"

namespace turnout::ovsdb {
namespace {

constexpr const char* kA = "aaaaaaaa-0000-4000-8000-000000000001";
constexpr const char* kB = "bbbbbbbb-0000-4000-8000-000000000002";
const char* kSchema = R"({"name":"D","tables":{"Node":{"columns":{
  "name":{"type":"string"}, "count":{"type":"integer"},
  "next":{"type":{"key":{"type":"uuid","refTable":"Node"},"min":0,"max":"unlimited"}},
  "ids":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}},
  "stats":{"type":{"key":"string","value":"integer","min":0,"max":"unlimited"}}},"isRoot":true}}})";

std::string node(const char* uuid, const char* columns) { return std::string(R"({"Node":{")") + uuid + R"(":{"new":{)" + columns + "}}}}"; }

class IdlTest : public ::testing::Test {
 protected:
  void begin(std::string contents = node(kA, R"("name":"a","count":1,"ids":["map",[["k","v"],["l","w"]]])"),
             std::string method = "monitor") {
    server = std::make_unique<FakeServer>(loop, js(kSchema), js(contents));
    server->monitor_method = method;
    Idl::Options options;
    options.session.reconnect.min_backoff = std::chrono::milliseconds(1);
    options.session.reconnect.max_backoff = std::chrono::milliseconds(2);
    options.session.reconnect.probe_interval = Duration(0);
    idl = std::make_unique<Idl>(loop, schema, server->remote(), options);
    idl->track_all();
    idl->omit_alert(table(), column("stats"));
    idl->start();
    ASSERT_TRUE(until([&] { return idl->is_connected(); })) << idl->last_error().message;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, std::chrono::seconds(20)); }
  bool until_seqno_moves() { uint64_t s = idl->seqno(); return until([&, s] { return idl->seqno() != s; }); }
  const TableSchema& table() { return *schema->find("Node"); }
  const ColumnSchema& column(const char* name) { return *table().find(name); }
  IdlRow* row(const char* uuid) { return idl->table(table()).find(*Uuid::parse(uuid)); }

  io::Loop loop;
  std::shared_ptr<const Schema> schema = *Schema::from_json(js(kSchema));
  std::unique_ptr<FakeServer> server;
  std::unique_ptr<Idl> idl;
};

TEST_F(IdlTest, ReadsTheInitialContents) {
  begin();
  ASSERT_NE(row(kA), nullptr);
  EXPECT_EQ(row(kA)->get(column("name")).string_at(), "a");
  EXPECT_EQ(row(kA)->get(column("ids")).get_string("k"), "v");
  EXPECT_TRUE(row(kA)->get(column("next")).empty());
  EXPECT_EQ(row(kA)->get(uuid_column()).uuid_at().to_string(), kA);
  EXPECT_EQ(row(kA)->change(), Change::kInserted);
  EXPECT_TRUE(idl->has_contents());
}

TEST_F(IdlTest, TracksWhatChanged) {
  begin();
  idl->clear_tracked();
  server->update(std::string(R"({"Node":{")") + kA + R"(":{"old":{"count":1},"new":{"name":"a","count":2}},")" + kB + R"(":{"new":{"name":"b"}}}})");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_EQ(row(kA)->change(), Change::kModified);
  EXPECT_TRUE(row(kA)->changed(column("count")));
  EXPECT_FALSE(row(kA)->changed(column("name")));
  EXPECT_EQ(row(kB)->change(), Change::kInserted);
  EXPECT_EQ(idl->table(table()).tracked().size(), 2u);
  idl->clear_tracked();
  server->update(std::string(R"({"Node":{")") + kA + R"(":{"old":{"name":"a"}}}})");
  ASSERT_TRUE(until_seqno_moves());
  ASSERT_EQ(idl->table(table()).tracked().size(), 1u);
  EXPECT_EQ(idl->table(table()).tracked()[0]->change(), Change::kDeleted);
  EXPECT_EQ(idl->table(table()).tracked()[0]->get(column("name")).string_at(), "a");
  EXPECT_EQ(row(kA), nullptr);
  idl->clear_tracked();
  EXPECT_TRUE(idl->table(table()).tracked().empty());
}

TEST_F(IdlTest, WriteOnlyColumnsDoNotWake) {
  begin();
  idl->clear_tracked();
  uint64_t seqno = idl->seqno();
  server->update(node(kA, R"("name":"a","count":1,"ids":["map",[["k","v"],["l","w"]]],"stats":["map",[["rx",7]]])"));
  ASSERT_TRUE(until([&] { return !row(kA)->get(column("stats")).empty(); }));
  EXPECT_EQ(idl->seqno(), seqno);
  EXPECT_EQ(row(kA)->change(), Change::kNone);
}

TEST_F(IdlTest, KeepsContentsAndAddressesOverALostConnection) {
  begin(std::string(R"({"Node":{")") + kA + R"(":{"new":{"name":"a"}},")" + kB + R"(":{"new":{"name":"b"}}}})");
  IdlRow* before = row(kA);
  idl->clear_tracked();
  server->close();
  ASSERT_TRUE(until([&] { return !idl->is_connected(); }));
  EXPECT_EQ(row(kA), before);
  server->set_contents(js(node(kA, R"("name":"a2")")));
  server->open();
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
  EXPECT_EQ(row(kA), before);
  EXPECT_EQ(row(kA)->get(column("name")).string_at(), "a2");
  EXPECT_EQ(row(kB), nullptr);
  EXPECT_EQ(server->connections, 2);
}

// ---- changes as differences ----

std::string node2(const char* uuid, const char* what, const char* columns) {
  return std::string(R"({"Node":{")") + uuid + R"(":{")" + what + R"(":)" + columns + "}}}";
}
const std::string kAsInitial = node2(kA, "initial", R"({"name":"a","count":1,"ids":["map",[["k","v"],["l","w"]]]})");
constexpr const char* kTxn1 = "11111111-0000-4000-8000-000000000001";
constexpr const char* kTxn2 = "22222222-0000-4000-8000-000000000002";
std::string since(const char* found, const char* txn, const std::string& updates) {
  return std::string("[") + found + ",\"" + txn + "\"," + updates + "]";
}

TEST_F(IdlTest, AsksForTheBestMonitorThatTheServerKnows) {
  begin();
  std::vector<std::string> methods;
  for (const std::string& request : server->requests) methods.push_back(request.substr(0, request.find(' ')));
  EXPECT_EQ(methods, (std::vector<std::string>{"get_schema", "monitor_cond_since", "monitor_cond", "monitor"}));
}

TEST_F(IdlTest, DifferencesChangeOnlyWhatTheyName) {
  begin(kAsInitial, "monitor_cond");
  idl->clear_tracked();
  const std::string modify = node2(
      kA, "modify", R"({"count":5,"ids":["map",[["k","v"],["l","2"],["m","3"]]],"next":["uuid","bbbbbbbb-0000-4000-8000-000000000002"]})");
  server->notify("update2", "[null," + modify + "]");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_EQ(row(kA)->get(column("name")).string_at(), "a");
  EXPECT_EQ(row(kA)->get(column("count")).integer_at(), 5);
  EXPECT_EQ(json_of(row(kA)->get(column("ids"))), R"(["map",[["l","2"],["m","3"]]])");
  EXPECT_EQ(row(kA)->get(column("next")).size(), 1u);
  EXPECT_FALSE(row(kA)->changed(column("name")));
  EXPECT_TRUE(row(kA)->changed(column("ids")));
  // The same element again: it goes.
  server->notify("update2", "[null," + node2(kA, "modify", R"({"next":["uuid","bbbbbbbb-0000-4000-8000-000000000002"]})") + "]");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_TRUE(row(kA)->get(column("next")).empty());
}

TEST_F(IdlTest, InsertedRowsHaveDefaultsWhereTheServerIsSilent) {
  begin(kAsInitial, "monitor_cond");
  server->notify("update2", "[null," + node2(kB, "insert", R"({"name":"b"})") + "]");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_EQ(row(kB)->get(column("count")).integer_at(), 0);
  server->notify("update2", "[null," + node2(kB, "delete", "null") + "]");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_EQ(row(kB), nullptr);
}

TEST_F(IdlTest, ContentsAfterALossReplaceWhatWasThere) {
  begin(kAsInitial, "monitor_cond");
  server->close();
  ASSERT_TRUE(until([&] { return !idl->is_connected(); }));
  server->set_contents(js(node2(kA, "initial", R"({"name":"a"})")));
  server->open();
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
  EXPECT_EQ(row(kA)->get(column("count")).integer_at(), 0);
  EXPECT_TRUE(row(kA)->get(column("ids")).empty());
}

TEST_F(IdlTest, GoesOnAfterTheTransactionThatTheServerRemembers) {
  begin(since("false", kTxn1, kAsInitial), "monitor_cond_since");
  server->notify("update3", std::string("[null,\"") + kTxn2 + "\"," + node2(kA, "modify", R"({"count":2})") + "]");
  ASSERT_TRUE(until_seqno_moves());
  server->close();
  ASSERT_TRUE(until([&] { return !idl->is_connected(); }));
  server->set_contents(js(since("true", kTxn2, node2(kB, "insert", R"({"name":"b"})"))));
  server->open();
  ASSERT_TRUE(until([&] { return idl->is_connected(); }));
  EXPECT_NE(server->requests.back().find(std::string(",\"") + kTxn2 + "\"]"), std::string::npos) << server->requests.back();
  EXPECT_EQ(row(kA)->get(column("count")).integer_at(), 2);
  EXPECT_NE(row(kB), nullptr);
}

TEST_F(IdlTest, ADifferenceOfAnUnknownRowAsksForEverythingAnew) {
  begin(since("false", kTxn1, kAsInitial), "monitor_cond_since");
  server->notify("update3", std::string("[null,\"") + kTxn2 + "\"," + node2(kB, "modify", R"({"count":2})") + "]");
  ASSERT_TRUE(until([&] { return server->connections == 2 && idl->is_connected(); }));
  EXPECT_NE(server->requests.back().find(",\"00000000-0000-0000-0000-000000000000\"]"), std::string::npos);
  EXPECT_NE(row(kA), nullptr);
}

TEST_F(IdlTest, WithoutRetryTheFirstFailureEnds) {
  Idl::Options options;
  options.session.retry = false;
  Idl lonely(loop, schema, "unix:/nonexistent/socket", options);
  lonely.start();
  EXPECT_FALSE(lonely.wait_for_contents(std::chrono::seconds(20)));
  EXPECT_FALSE(lonely.is_alive());
  EXPECT_EQ(lonely.last_error().code, ENOENT);
}

TEST_F(IdlTest, AsksOnlyForWhatTheServerHas) {
  server = std::make_unique<FakeServer>(
      loop, js(R"({"name":"D","tables":{"Node":{"columns":{"name":{"type":"string"}}}}})"), js(node(kA, R"("name":"a")")));
  idl = std::make_unique<Idl>(loop, schema, server->remote(), Idl::Options{});
  idl->start();
  ASSERT_TRUE(idl->wait_for_contents(std::chrono::seconds(20)));
  EXPECT_EQ(server->requests.back(), R"(monitor ["D",["idl","D"],{"Node":[{"columns":["name"]}]}])");
  EXPECT_FALSE(idl->table(table()).on_server(column("count")));
  EXPECT_EQ(row(kA)->get(column("count")).integer_at(), 0);
}

TEST_F(IdlTest, FollowsItsLock) {
  begin();
  idl->set_lock("me");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_FALSE(idl->has_lock());
  EXPECT_TRUE(idl->lock_contended());
  IdlTxn txn(*idl);
  row(kA)->set(column("count"), Datum::integer(9));
  EXPECT_EQ(txn.commit(), TxnStatus::kNotLocked);
  server->notify("locked", R"(["me"])");
  ASSERT_TRUE(until([&] { return idl->has_lock(); }));
  IdlTxn second(*idl);
  row(kA)->set(column("count"), Datum::integer(9));
  EXPECT_EQ(second.commit_block(std::chrono::seconds(20)), TxnStatus::kSuccess);
  EXPECT_EQ(server->transactions[0].substr(0, 36), R"(["D",{"op":"assert","lock":"me"},{"o)");
}

// ---- transactions ----

class TxnTest : public IdlTest {
 protected:
  // The operations that the last transaction sent, with the local UUIDs replaced.
  std::string sent(const Uuid& local = {}) {
    std::string text = server->transactions.empty() ? "nothing" : server->transactions.back();
    std::string name = "row" + local.to_string();
    for (char& c : name) c = c == '-' ? '_' : c;
    for (size_t at; (at = text.find(name)) != std::string::npos;) text.replace(at, name.size(), "NEW");
    for (size_t at; (at = text.find(kA)) != std::string::npos;) text.replace(at, strlen(kA), "A");
    return text;
  }
  TxnStatus block(IdlTxn& txn) { return txn.commit_block(std::chrono::seconds(20)); }
};

TEST_F(TxnTest, ReadsSeeWhatWasWritten) {
  begin();
  {
    IdlTxn txn(*idl);
    row(kA)->set(column("name"), Datum::string("z"));
    IdlRow& made = txn.insert(table());
    made.set(column("name"), Datum::string("new"));
    EXPECT_EQ(row(kA)->get(column("name")).string_at(), "z");
    EXPECT_EQ(row(kA)->committed(column("name")).string_at(), "a");
    int rows = 0;
    for (IdlRow& r : idl->table(table())) rows += !r.get(column("name")).empty();
    EXPECT_EQ(rows, 2);
    row(kA)->erase();
    EXPECT_EQ(row(kA), nullptr);
  }
  EXPECT_EQ(row(kA)->get(column("name")).string_at(), "a");
  EXPECT_EQ(idl->table(table()).size(), 1u);
  EXPECT_TRUE(server->transactions.empty());
}

TEST_F(TxnTest, NothingToDoSendsNothing) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->set(column("name"), Datum::string("z"));
  row(kA)->set(column("name"), Datum::string("a"));
  row(kA)->insert_into(column("ids"), datum_of(string_map(), R"(["map",[["k","v"]]])"));
  row(kA)->verify(column("name"));
  txn.comment("nothing");
  txn.increment(*row(kA), column("count"));
  EXPECT_EQ(txn.commit(), TxnStatus::kUnchanged);
}

TEST_F(TxnTest, InsertsReferToEachOtherByName) {
  begin();
  IdlTxn txn(*idl);
  IdlRow& made = txn.insert(table());
  Uuid local = made.uuid();
  made.set(column("name"), Datum::string("new"));
  row(kA)->insert_into(column("next"), Datum::uuid(local));
  server->answers = {std::string(R"([{"uuid":["uuid",")") + kB + R"("]},{"count":1}])"};
  EXPECT_EQ(block(txn), TxnStatus::kSuccess);
  EXPECT_EQ(sent(local),
            R"(["D",{"op":"insert","table":"Node","uuid-name":"NEW","row":{"name":"new"}},)"
            R"({"op":"mutate","table":"Node","where":[["_uuid","==",["uuid","A"]]],"mutations":[["next","insert",["named-uuid","NEW"]]]}])");
  EXPECT_EQ(txn.inserted_uuid(local)->to_string(), kB);
  EXPECT_EQ(idl->table(table()).size(), 1u);  // the new row comes by the monitor
}

TEST_F(TxnTest, PartialMapChangesAreMutations) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->insert_into(column("ids"), datum_of(string_map(), R"(["map",[["k","2"],["n","3"]]])"));
  row(kA)->remove_from(column("ids"), datum_of(strings(), R"("l")"));
  EXPECT_EQ(json_of(row(kA)->get(column("ids"))), R"(["map",[["k","2"],["n","3"]]])");
  EXPECT_EQ(block(txn), TxnStatus::kSuccess);
  EXPECT_EQ(sent(), R"(["D",{"op":"mutate","table":"Node","where":[["_uuid","==",["uuid","A"]]],"mutations":[["ids","delete",["set",["k","l"]]],["ids","insert",["map",[["k","2"],["n","3"]]]]]}])");
}

TEST_F(TxnTest, VerificationTurnsIntoAWait) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->verify(column("count"));
  row(kA)->set(column("count"), Datum::integer(2));
  server->answers = {R"([{"error":"timed out"},null])"};
  EXPECT_EQ(block(txn), TxnStatus::kTryAgain);
  EXPECT_EQ(sent(), R"(["D",{"op":"wait","table":"Node","where":[["_uuid","==",["uuid","A"]]],"columns":["count"],"until":"==","rows":[{"count":1}],"timeout":0},)"
                    R"({"op":"update","table":"Node","where":[["_uuid","==",["uuid","A"]]],"row":{"count":2}}])");
}

TEST_F(TxnTest, IncrementTellsTheSum) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->set(column("name"), Datum::string("b"));
  txn.increment(*row(kA), column("count"));
  txn.comment("first");
  txn.comment("second");
  server->answers = {R"([{"count":1},{"count":1},{"rows":[{"count":42}]},{}])"};
  EXPECT_EQ(block(txn), TxnStatus::kSuccess);
  EXPECT_EQ(txn.increment_value(), 42);
  EXPECT_NE(sent().find(R"({"op":"comment","comment":"first\nsecond"})"), std::string::npos);
}

TEST_F(TxnTest, DryRunAborts) {
  begin();
  IdlTxn txn(*idl);
  txn.set_dry_run(true);
  row(kA)->erase();
  server->answers = {R"([{"count":1},{"error":"aborted","details":"aborted by request"}])"};
  EXPECT_EQ(block(txn), TxnStatus::kSuccess);
  EXPECT_EQ(sent(), R"(["D",{"op":"delete","table":"Node","where":[["_uuid","==",["uuid","A"]]]},{"op":"abort"}])");
}

TEST_F(TxnTest, ErrorsComeAsTheServerSaidThem) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->set(column("name"), Datum::string("b"));
  server->answers = {R"([{"count":1},{"error":"referential integrity violation","details":"why"}])"};
  EXPECT_EQ(block(txn), TxnStatus::kError);
  EXPECT_EQ(txn.error(), R"~({"details":"why","error":"referential integrity violation"})~");
}

TEST_F(TxnTest, ALostConnectionMeansTryAgain) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->set(column("name"), Datum::string("b"));
  server->answers = {"hang"};
  TxnStatus told = TxnStatus::kIncomplete;
  txn.on_done([&](TxnStatus s) { told = s; });
  EXPECT_EQ(txn.commit(), TxnStatus::kIncomplete);
  EXPECT_EQ(row(kA)->get(column("name")).string_at(), "a");
  ASSERT_TRUE(until([&] { return !server->transactions.empty(); }));
  server->close();
  ASSERT_TRUE(until([&] { return told != TxnStatus::kIncomplete; }));
  EXPECT_EQ(told, TxnStatus::kTryAgain);
}

TEST_F(TxnTest, ARowThatTheServerDeletesMeanwhileMeansTryAgain) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->set(column("name"), Datum::string("b"));
  server->update(std::string(R"({"Node":{")") + kA + R"(":{"old":{"name":"a"}}}})");
  ASSERT_TRUE(until_seqno_moves());
  EXPECT_EQ(txn.commit(), TxnStatus::kTryAgain);
}

TEST_F(TxnTest, TextThatIsNoUtf8IsNotSent) {
  begin();
  IdlTxn txn(*idl);
  row(kA)->set(column("name"), Datum::string("a\xff"));
  EXPECT_EQ(block(txn), TxnStatus::kError);
  EXPECT_EQ(txn.error(), R"({"details":"not a valid UTF-8 string: invalid UTF-8 sequence 0xff","error":"constraint violation"})");
  EXPECT_EQ(sent(), "nothing");
  IdlTxn commented(*idl);
  row(kA)->set(column("name"), Datum::string("\xc3\xa9"));
  commented.comment("a\xff");
  EXPECT_EQ(block(commented), TxnStatus::kSuccess);
}

TEST_F(TxnTest, ARowInsertedAndErasedIsNotSent) {
  begin();
  IdlTxn txn(*idl);
  txn.insert(table()).erase();
  EXPECT_EQ(txn.commit(), TxnStatus::kUnchanged);
}

}  // namespace
}  // namespace turnout::ovsdb
