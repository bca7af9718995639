// The commands of ovsdb-tool (ovsdb-tool(1)). Each takes its words and returns the exit status; an error is printed by
// the caller as "ovsdb-tool: MESSAGE" with status 1.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "lib/base/result.h"
#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::tool {

using Words = std::span<const std::string>;

struct Command {
  const char* name;
  size_t min_words, max_words;
  Result<int> (*run)(Words);
};

extern int verbosity;        // how many -m: for show-log
extern std::string role;     // --rbac-role, for query and transact; empty: none, everything is allowed

std::string default_database();
std::string default_schema();
// The word with that number, or the default.
inline std::string word_or(Words words, size_t index, std::string otherwise) {
  return index < words.size() ? words[index] : std::move(otherwise);
}

Result<std::shared_ptr<const Schema>> read_schema(const std::string& path);
// "JSON" (standalone) or "CLUSTER"; an error for what is no database.
Result<std::string> file_kind(const std::string& path);
// Fails on a clustered file, which commands for standalone ones cannot work on. Other errors are left to who opens it.
Status refuse_clustered(const std::string& path);

Result<int> create(Words);
Result<int> compact(Words);
Result<int> convert(Words);
Result<int> needs_conversion(Words);
Result<int> db_name(Words);
Result<int> db_version(Words);
Result<int> db_cksum(Words);
Result<int> db_is_standalone(Words);
Result<int> db_is_clustered(Words);
Result<int> db_cid(Words);
Result<int> db_sid(Words);
Result<int> db_local_address(Words);
Result<int> schema_name(Words);
Result<int> schema_version(Words);
Result<int> schema_cksum(Words);
Result<int> compare_versions(Words);
Result<int> query(Words);
Result<int> transact(Words);
Result<int> show_log(Words);
Result<int> cluster_to_standalone(Words);
// For commands that need a server which takes part in a cluster.
Result<int> no_clusters(Words);

}  // namespace turnout::ovsdb::tool
