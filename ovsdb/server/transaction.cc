// Changing rows, and taking changes back.
#include "ovsdb/server/transaction.h"

#include <algorithm>

#include "ovsdb/server/constraint.h"

namespace turnout::ovsdb::server {

Transaction::~Transaction() {
  if (!done_) rollback();
}

bool Transaction::deleted(Table& table, const Uuid& id) const {
  auto it = by_key_.find({&table, id});
  return it != by_key_.end() && it->second->before && !it->second->after;
}

bool Transaction::touched(const Table& table) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const Change& c) { return c.key.table == &table; });
}

Change& Transaction::touch(Table& table, const Uuid& id, const RowPtr& before) {
  auto [it, is_new] = by_key_.try_emplace(RowKey{&table, id}, nullptr);
  if (is_new) {
    // No row before: it is inserted, and nothing refers to it yet.
    const Table::Slot* slot = before ? table.find(id) : nullptr;
    changes_.push_back({it->first, before, nullptr, slot ? slot->strong_references : 0});
    it->second = &changes_.back();
  }
  return *it->second;
}

void Transaction::insert(Table& table, std::shared_ptr<Row> row) {
  Change& change = touch(table, row->id(), nullptr);
  change.after = row;
  table.put(std::move(row));
}

Row& Transaction::modify(Table& table, const RowPtr& row) {
  Change& change = touch(table, row->id(), row);
  if (!change.after) {
    change.after = std::make_shared<Row>(*row);
    table.put(change.after);
  }
  return *change.after;
}

void Transaction::erase(Table& table, const Uuid& id) {
  const Table::Slot* slot = table.find(id);
  if (!slot) return;
  const RowPtr keep = slot->row;
  touch(table, id, keep).after = nullptr;
  table.remove(id);
}

DbStatus Transaction::prepare(Source source) {
  if (changes_.empty()) return {};
  return Constraints(*this, source).enforce();
}

void Transaction::rollback() {
  for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) (*it)();
  undo_.clear();
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    Table& table = *change->key.table;
    if (!change->before) {
      table.remove(change->key.id);
      continue;
    }
    table.put(change->before);
    table.find(change->key.id)->strong_references = change->references_before;
  }
  changes_.clear();
  by_key_.clear();
  done_ = true;
}

}  // namespace turnout::ovsdb::server
