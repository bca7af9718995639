// Commands about schemas, in files of their own and in databases.
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "lib/base/strings.h"
#include "ovsdb/server/journal.h"
#include "ovsdb/server/journal_reader.h"
#include "ovsdb/tool/cluster_file.h"
#include "ovsdb/tool/commands.h"
#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::tool {
namespace {

using server::Journal;
using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace

Result<std::shared_ptr<const Schema>> read_schema(const std::string& path) {
  auto json = json::Json::parse_file(path);
  if (!json) return fail("failed to read schema: \"" + path + "\" could not be read as JSON (" + json.error().message + ")");
  auto schema = Schema::from_json(*json);
  if (!schema) return fail("failed to read schema: " + schema.error().to_string());
  return *schema;
}

namespace {

// The schema is the first record; the others need not be sound to name it.
Result<SchemaPtr> read_database_schema(const std::string& path) {
  if (auto standalone = refuse_clustered(path); !standalone) return fail(standalone);
  SchemaPtr schema;
  auto journal = Journal::open(path, Journal::Access::kReadOnly, [&](std::string_view text, size_t index) -> Status {
    if (index > 0) return {};
    auto json = json::Json::parse(text);
    if (!json) return fail("syntax error: " + path + ": the schema is not valid JSON (" + json.error().message + ")");
    auto parsed = Schema::from_json(*json);
    if (!parsed) return to_fail(parsed);
    schema = *parsed;
    return {};
  });
  if (!schema) return journal ? fail("I/O error: " + path + ": the file holds no schema") : fail(journal);
  return schema;
}

Result<int> print(const Result<SchemaPtr>& schema, std::string Schema::* member) {
  if (!schema) return fail(schema);
  std::printf("%s\n", ((**schema).*member).c_str());
  return 0;
}

using Version = std::array<unsigned, 3>;

Result<Version> parse_version(const std::string& text) {
  const auto wrong = [&] { return fail(text + ": not an OVSDB version number in format x.y.z"); };
  const auto parts = split(text, '.');
  if (parts.size() != 3) return wrong();
  Version version;
  for (size_t i = 0; i < 3; ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    auto [stop, problem] = std::from_chars(parts[i].data(), end, version[i]);
    if (problem != std::errc() || stop != end) return wrong();
  }
  return version;
}

}  // namespace

Result<std::string> file_kind(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return fail("I/O error: " + path + ": open failed (" + std::strerror(errno) + ")");
  char start[64];
  const size_t n = std::fread(start, 1, sizeof start, file);
  std::fclose(file);
  const std::string_view magic = server::JournalReader::magic_of({start, n});
  if (n == 0) return fail("ovsdb error: " + path + ": cannot identify file type");
  if (magic.empty()) return fail("ovsdb error: " + path + ": unexpected file format");
  return std::string(magic);
}

Status refuse_clustered(const std::string& path) {
  const auto kind = file_kind(path);
  if (!kind || *kind != "CLUSTER") return {};
  return fail("ovsdb error: " + path + ": cannot apply this operation to clustered database file");
}

Result<int> create(Words words) {
  const std::string path = word_or(words, 0, default_database());
  auto schema = read_schema(word_or(words, 1, default_schema()));
  if (!schema) return fail(schema);
  const std::string records[] = {(*schema)->to_json().dump()};
  if (auto created = Journal::create(path, records); !created) return fail(created);
  return 0;
}

Result<int> db_name(Words words) {
  const std::string path = word_or(words, 0, default_database());
  if (auto kind = file_kind(path); kind && *kind == "CLUSTER") return print_cluster_member(path, "name");
  return print(read_database_schema(path), &Schema::name);
}
Result<int> db_version(Words words) { return print(read_database_schema(word_or(words, 0, default_database())), &Schema::version); }
Result<int> db_cksum(Words words) { return print(read_database_schema(word_or(words, 0, default_database())), &Schema::cksum); }
Result<int> schema_name(Words words) { return print(read_schema(word_or(words, 0, default_schema())), &Schema::name); }
Result<int> schema_version(Words words) { return print(read_schema(word_or(words, 0, default_schema())), &Schema::version); }
Result<int> schema_cksum(Words words) { return print(read_schema(word_or(words, 0, default_schema())), &Schema::cksum); }

Result<int> needs_conversion(Words words) {
  auto schema = read_schema(word_or(words, 1, default_schema()));
  if (!schema) return fail(schema);
  auto in_database = read_database_schema(word_or(words, 0, default_database()));
  if (!in_database) return fail(in_database);
  std::puts(**schema == **in_database ? "no" : "yes");
  return 0;
}

Result<int> db_is_standalone(Words words) {
  auto kind = file_kind(words[0]);
  if (!kind) return fail(kind);
  return *kind == "JSON" ? 0 : 2;
}

Result<int> db_is_clustered(Words words) {
  auto kind = file_kind(words[0]);
  if (!kind) return fail(kind);
  return *kind == "CLUSTER" ? 0 : 2;
}

Result<int> compare_versions(Words words) {
  auto a = parse_version(words[0]);
  if (!a) return fail(a);
  auto b = parse_version(words[2]);
  if (!b) return fail(b);
  const std::string& op = words[1];
  bool holds = false;
  if (op == "<") holds = *a < *b;
  else if (op == "<=") holds = *a <= *b;
  else if (op == "==") holds = *a == *b;
  else if (op == ">=") holds = *a >= *b;
  else if (op == ">") holds = *a > *b;
  else if (op == "!=") holds = *a != *b;
  else return fail(op + ": not a relational operator");
  return holds ? 0 : 2;
}

}  // namespace turnout::ovsdb::tool
