// Opening a database and telling of its changes.
#include "ovsdb/server/database.h"

#include "ovsdb/server/history.h"
#include "ovsdb/server/record.h"

namespace turnout::ovsdb::server {

Database::Database(std::shared_ptr<const Schema> schema, std::unique_ptr<Storage> storage)
    : schema_(std::move(schema)), storage_(std::move(storage)) {
  for (const auto& table : schema_->tables()) {
    tables_.push_back(std::make_unique<Table>(*table));
    by_name_.emplace(table->name, tables_.back().get());
  }
  resolve_references();
}

void Database::resolve_references() {
  for (const auto& table : tables_) {
    for (const ColumnSchema& column : table->schema().columns) {
      const BaseType& key = column.type.key;
      const BaseType& value = column.type.value;
      ReferenceColumn r{&column};
      if (key.is_reference()) r.key_target = find_table(key.ref_table);
      if (value.is_reference()) r.value_target = find_table(value.ref_table);
      r.key_strong = key.is_strong_ref();
      r.value_strong = value.is_strong_ref();
      if (!r.key_target && !r.value_target) continue;
      table->has_weak_columns |= r.has_weak();
      table->references.push_back(r);
    }
  }
}

Database::~Database() = default;

History& Database::history() {
  if (!history_) history_ = std::make_unique<History>(*this);
  return *history_;
}

const std::string& Database::schema_text() const {
  if (schema_text_.empty()) schema_text_ = schema_->to_json().dump();
  return schema_text_;
}

Table* Database::find_table(std::string_view name) const {
  auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Journal::Access access) {
  std::unique_ptr<Database> database;
  std::unique_ptr<Transaction> contents;
  auto each = [&](std::string_view text, size_t index) -> Status {
    auto json = json::Json::parse(text);
    if (!json) return fail("syntax error: " + path + ": record " + std::to_string(index) + " is not valid JSON (" + json.error().message + ")");
    if (!json->is_object()) return fail("syntax error: " + path + ": record " + std::to_string(index) + " is not a JSON object");
    if (index == 0) {
      auto schema = Schema::from_json(*json);
      if (!schema) return to_fail(schema);
      database = std::make_unique<Database>(std::move(*schema), nullptr);
      contents = std::make_unique<Transaction>(*database);
      return {};
    }
    if (auto applied = apply_record(*contents, *json); !applied)
      return fail(path + ": record " + std::to_string(index) + ": " + applied.error().to_string());
    return {};
  };
  auto journal = Journal::open(path, access, each);
  if (!journal) return fail(journal);
  if (!database) return fail("I/O error: " + path + ": the file holds no schema");
  // The file states what garbage collection and weak references did, so that this finds only files that others damaged.
  if (auto sound = contents->prepare(Transaction::Source::kFile); !sound) return fail(path + ": " + sound.error().to_string());
  contents->finish();
  database->storage_ = std::move(*journal);
  return database;
}

void Database::compact(io::Loop& loop, std::string comment, std::function<void(Status)> done) {
  const Contents contents = [this, comment = std::move(comment)](const PutRecord& put) -> Status {
    if (auto schema = put(schema_->to_json().dump()); !schema) return schema;
    return put(snapshot_record(*this, comment));
  };
  storage_->compact(loop, contents, std::move(done));
}

Database::Subscription Database::subscribe(Listener listener) {
  return {this, listeners_.insert(listeners_.end(), std::move(listener))};
}

void Database::publish(const std::deque<Change>& changes) {
  if (changes.empty()) return;
  for (auto it = listeners_.begin(); it != listeners_.end();) (*it++)(changes);
}

}  // namespace turnout::ovsdb::server
