// show-log: what each record of a database file did.
#include <fmt/format.h>

#include <cstdio>

#include "ovsdb/server/journal.h"
#include "ovsdb/tool/cluster_file.h"
#include "ovsdb/tool/commands.h"
#include "ovsdb/tool/log_printer.h"

namespace turnout::ovsdb::tool {
namespace {

Status print_standalone(LogPrinter& printer, std::string_view text, size_t index) {
  auto json = json::Json::parse(text);
  if (!json) return fail(json);
  fmt::print("record {}:", index);
  if (index > 0) {
    printer.print_transaction(*json);
    return {};
  }
  if (auto printed = printer.print_schema("", *json); !printed) return printed;
  fmt::print("\n");
  return {};
}

std::string short_id(const json::Json& uuid) { return std::string(uuid.as_string().substr(0, 4)); }

// The members of a record that are printed as they are, in this order.
void print_members(const json::Json& record) {
  for (const char* name : {"comment", "term", "index"})
    if (record.has(name)) fmt::print(" {}: {}\n", name, record.get(name).dump());
  if (record.has("servers")) fmt::print(" servers: {}\n", servers_text(record.get("servers")));
  for (const char* name : {"eid", "vote", "leader"})
    if (record.has(name)) fmt::print(" {}: {}\n", name, short_id(record.get(name)));
  for (const char* name : {"commit_index", "note"})
    if (record.has(name)) fmt::print(" {}: {}\n", name, record.get(name).dump());
}

void print_header(const json::Json& header) {
  fmt::print(" name: \"{}'\n local address: \"{}\"\n server_id: {}\n", header.get("name").as_string(),
             header.get("local_address").as_string(), short_id(header.get("server_id")));
  if (header.has("cluster_id")) fmt::print(" cluster_id: {}\n", short_id(header.get("cluster_id")));
  const json::Json remotes = header.get("remote_addresses");
  if (remotes.size() > 0) fmt::print(" remote_addresses:");
  for (size_t i = 0; i < remotes.size(); ++i) fmt::print(" {}", remotes[i].as_string());
  if (remotes.size() > 0) fmt::print("\n");
  for (const char* name : {"prev_index", "prev_term"})
    if (header.has(name)) fmt::print(" {}: {}\n", name, header.get(name).dump());
  if (header.has("prev_servers")) fmt::print(" prev_servers: {}\n", servers_text(header.get("prev_servers")));
  if (header.has("prev_eid")) fmt::print(" prev_eid: {}\n", short_id(header.get("prev_eid")));
}

// <cluster-txn> of ovsdb(5): a schema or null, a transaction or null.
Status print_data(LogPrinter& printer, const char* schema_label, const json::Json& data) {
  if (!data[0].is_null()) {
    if (auto printed = printer.print_schema(schema_label, data[0]); !printed) return printed;
  }
  if (data[1].is_null()) fmt::print("\n");
  else printer.print_transaction(data[1]);
  return {};
}

Status print_clustered(LogPrinter& printer, const json::Json& record, size_t index) {
  fmt::print("record {}:\n", index);
  if (index == 0) print_header(record);
  else print_members(record);
  const char* const data = index == 0 ? "prev_data" : "data";
  if (record.has(data)) return print_data(printer, index == 0 ? " prev_schema:" : " schema:", record.get(data));
  fmt::print("\n");
  return {};
}

}  // namespace

Result<int> show_log(Words words) {
  const std::string path = word_or(words, 0, default_database());
  LogPrinter printer;
  Status done;
  if (auto kind = file_kind(path); kind && *kind == "CLUSTER") {
    done = read_cluster_file(path, [&](const json::Json& record, size_t index) { return print_clustered(printer, record, index); });
  } else {
    auto journal = server::Journal::open(path, server::Journal::Access::kReadOnly, [&](std::string_view text, size_t index) {
      return print_standalone(printer, text, index);
    });
    if (!journal) done = fail(journal);
  }
  std::fflush(stdout);
  if (!done) return fail(done);
  return 0;
}

}  // namespace turnout::ovsdb::tool
