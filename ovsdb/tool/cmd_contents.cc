// Commands about contents: query, transact, compact, convert.
#include <cstdio>
#include <filesystem>

#include "ovsdb/server/convert.h"
#include "ovsdb/server/execute.h"
#include "ovsdb/server/record.h"
#include "ovsdb/tool/commands.h"

namespace turnout::ovsdb::tool {
namespace {

using server::Database;
using server::Journal;

Result<std::unique_ptr<Database>> open(const std::string& path, bool to_write) {
  if (auto standalone = refuse_clustered(path); !standalone) return fail(standalone);
  return Database::open(path, to_write ? Journal::Access::kReadWrite : Journal::Access::kReadOnly);
}

// One `transact` request, without the waiting that only a server can do.
Result<std::string> run_transaction(Database& database, const std::string& text, bool keep) {
  auto params = json::Json::parse(text);
  if (!params) return fail('"' + text + "\": " + params.error().message);
  if (!params->is_array() && !params->is_object()) return fail('"' + text + "\": syntax error: object or array expected");
  const auto wrong = [&](const char* what) { return syntax_fail(*params, what).value().to_json().dump(json::Json::kSorted); };
  if (!params->is_array()) return wrong("array expected");
  if ((*params)[0].as_string() != database.name()) return wrong("database name expected as first parameter");
  server::Transaction txn(database);
  const std::function<bool(std::string_view)> owns_no_lock = [](std::string_view) { return false; };
  server::Execution execution{txn, owns_no_lock};
  const server::Principal principal{role, {}};
  execution.principal = &principal;
  server::Executed executed = server::execute(execution, *params);
  if (execution.blocked) {
    executed.result = "[";
    append_commit_error(executed, DbError{"not supported", "triggers not supported", {}});
  }
  if (!executed.failed) {
    if (auto sound = txn.prepare(); !sound) append_commit_error(executed, sound.error());
  }
  if (!executed.failed && keep) {
    const std::string record = server::transaction_record(txn, execution.comment);
    if (!record.empty()) {
      if (auto written = database.storage()->append({&record, 1}, true); !written) return fail(written);
    }
    txn.finish();
  }
  return executed.result + ']';
}

Result<int> print_transaction(Words words, bool keep) {
  const bool named = words.size() == 2;
  auto database = open(named ? words[0] : default_database(), keep);
  if (!database) return fail(database);
  auto result = run_transaction(**database, words[named ? 1 : 0], keep);
  if (!result) return fail(result);
  // Members by name, as ovsdb-client prints them.
  auto shown = json::Json::parse(*result);
  if (!shown) return fail(shown);
  std::puts(shown->dump(json::Json::kSorted).c_str());
  return 0;
}

// Writes `contents` as a new file, or in place of the old one.
Status put(Database& old, Database& contents, const std::string& comment, const std::string* target) {
  const std::string records[] = {contents.schema().to_json().dump(), server::snapshot_record(contents, comment)};
  return target ? Journal::create(*target, records) : old.storage()->replace(records);
}

}  // namespace

Result<int> query(Words words) { return print_transaction(words, false); }
Result<int> transact(Words words) { return print_transaction(words, true); }

Result<int> compact(Words words) {
  const bool elsewhere = words.size() == 2;
  auto database = open(word_or(words, 0, default_database()), !elsewhere);
  if (!database) return fail(database);
  auto done = put(**database, **database, "compacted by ovsdb-tool 3.7.0", elsewhere ? &words[1] : nullptr);
  if (!done) return fail(done);
  return 0;
}

Result<int> convert(Words words) {
  auto schema = read_schema(word_or(words, 1, default_schema()));
  if (!schema) return fail(schema);
  const bool elsewhere = words.size() == 3;
  auto database = open(word_or(words, 0, default_database()), !elsewhere);
  if (!database) return fail(database);
  auto converted = server::convert(**database, *schema);
  if (!converted) return to_fail(converted);
  auto done = put(**database, **converted, "converted by ovsdb-tool 3.7.0", elsewhere ? &words[2] : nullptr);
  if (!done) return fail(done);
  return 0;
}

}  // namespace turnout::ovsdb::tool
