// Commands about clustered files: who the server is, and its data as a standalone database.
#include <cstdio>
#include <map>

#include "ovsdb/server/database.h"
#include "ovsdb/server/record.h"
#include "ovsdb/tool/cluster_file.h"
#include "ovsdb/tool/commands.h"

namespace turnout::ovsdb::tool {
namespace {

// The data of the log: the snapshot that it begins with, then its entries by index.
struct ClusterLog {
  json::Json snapshot;
  std::map<int64_t, json::Json> entries;
};

Result<ClusterLog> read_log(const std::string& path) {
  ClusterLog log;
  auto read = read_cluster_file(path, [&](const json::Json& record, size_t index) {
    if (index == 0) {
      log.snapshot = record.get("prev_data");
    } else if (record.has("index")) {
      const int64_t at = record.get("index").as_integer();
      // A leader of a later term overwrites what was not agreed on (Raft, "log matching").
      log.entries.erase(log.entries.lower_bound(at), log.entries.end());
      if (record.has("data")) log.entries[at] = record.get("data");
    }
    return Status();
  });
  if (!read) return fail(read);
  if (!log.snapshot.is_array()) return fail(path + ": the server has not joined its cluster, so there is no data");
  return log;
}

// Records of a standalone file, each tried on a database in memory before it is kept.
class Converter {
 public:
  // One <cluster-txn> of ovsdb(5). A schema begins anew.
  Status take(const json::Json& data) {
    if (!data[0].is_null()) {
      auto schema = Schema::from_json(data[0]);
      if (!schema) return to_fail(schema);
      database_ = std::make_unique<server::Database>(*schema, nullptr);
      records_ = {(*schema)->to_json().dump()};
    }
    if (!database_) return fail("syntax error: the file's first record has no schema");
    if (data[1].is_null()) return {};
    server::Transaction txn(*database_);
    if (auto applied = server::apply_record(txn, data[1]); !applied) return to_fail(applied);
    txn.finish();
    records_.push_back(data[1].dump());
    return {};
  }
  const std::vector<std::string>& records() const { return records_; }

 private:
  std::unique_ptr<server::Database> database_;
  std::vector<std::string> records_;
};

}  // namespace

Result<int> db_sid(Words words) { return print_cluster_member(words[0], "server_id"); }
Result<int> db_local_address(Words words) { return print_cluster_member(words[0], "local_address"); }

Result<int> db_cid(Words words) {
  auto header = read_cluster_header(words[0]);
  if (!header) return fail(header);
  if (header->has("cluster_id")) return print_cluster_member(words[0], "cluster_id");
  std::fprintf(stderr, "%s: cluster ID not yet known\n", words[0].c_str());
  return 2;
}

Result<int> cluster_to_standalone(Words words) {
  auto log = read_log(words[1]);
  if (!log) return fail(log);
  Converter converter;
  Status done = converter.take(log->snapshot);
  for (const auto& [index, data] : log->entries)
    if (done) done = converter.take(data);
  if (done) done = server::Journal::create(words[0], converter.records());
  if (!done) return fail(done);
  return 0;
}

Result<int> no_clusters(Words) { return fail("clustered databases are read but not made or checked by this release"); }

}  // namespace turnout::ovsdb::tool
