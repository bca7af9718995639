// Strong references, garbage, row counts and weak references.
#include "ovsdb/server/constraint.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnout::ovsdb::server {
namespace {

bool same_columns(const Row& a, const Row& b) {
  return std::equal(a.columns.begin(), a.columns.end(), b.columns.begin());
}

void forget_referrer(Table& target, const Uuid& id, const RowKey& referrer) {
  auto it = target.weak_referrers.find(id);
  if (it == target.weak_referrers.end()) return;
  auto& list = it->second;
  if (auto at = std::find(list.begin(), list.end(), referrer); at != list.end()) {
    *at = list.back();
    list.pop_back();
  }
  if (list.empty()) target.weak_referrers.erase(it);
}

template <typename F>
void each_weak_reference(const Table& table, const Row& row, F&& f) {
  for (const ReferenceColumn& r : table.references) {
    if (!r.has_weak()) continue;
    const Datum& datum = row.get(*r.column);
    for (size_t i = 0; i < datum.size(); ++i) {
      if (r.key_target && !r.key_strong) f(*r.key_target, datum.key(i).uuid());
      if (r.value_target && !r.value_strong) f(*r.value_target, datum.value(i).uuid());
    }
  }
}

// Enters (or with enter = false takes out) the weak references of the rows that changed.
void move_weak_referrers(const std::deque<Change>& changes, bool forward) {
  for (const Change& change : changes) {
    Table& table = *change.key.table;
    if (!table.has_weak_columns) continue;
    const Row* old_row = forward ? change.before.get() : change.after.get();
    const Row* new_row = forward ? change.after.get() : change.before.get();
    if (old_row)
      each_weak_reference(table, *old_row, [&](Table& t, const Uuid& id) { forget_referrer(t, id, change.key); });
    if (new_row)
      each_weak_reference(table, *new_row, [&](Table& t, const Uuid& id) { t.weak_referrers[id].push_back(change.key); });
  }
}

}  // namespace

DbStatus Constraints::enforce() {
  drop_unchanged();
  if (auto counted = count_references(); !counted) return counted;
  if (auto kept = check_deleted(); !kept) return kept;
  collect_garbage();
  if (auto counted = check_row_counts(); !counted) return counted;
  if (auto dropped = drop_weak_references(); !dropped) return dropped;
  drop_unchanged();
  apply_reference_counts();
  update_weak_referrers();
  if (auto unique = update_indexes(); !unique) return unique;
  give_versions();
  return {};
}

// A row that was changed and changed back, or inserted and deleted, was not changed.
void Constraints::drop_unchanged() {
  auto unchanged = [](const Change& c) {
    if (!c.before) return !c.after;
    return c.after && same_columns(*c.before, *c.after);
  };
  auto& changes = txn_.changes_;
  if (std::none_of(changes.begin(), changes.end(), unchanged)) return;
  std::deque<Change> kept;
  txn_.by_key_.clear();
  for (Change& change : changes) {
    if (unchanged(change)) {
      if (change.before) change.key.table->put(change.before);
      continue;
    }
    kept.push_back(std::move(change));
    txn_.by_key_[kept.back().key] = &kept.back();
  }
  changes = std::move(kept);
  for (Change& change : changes) txn_.by_key_[change.key] = &change;
}

const Change* Constraints::change_of(const RowKey& key) const {
  auto it = txn_.by_key_.find(key);
  return it == txn_.by_key_.end() ? nullptr : it->second;
}

int64_t Constraints::references_to(const RowKey& key) const {
  auto delta = deltas_.find(key);
  int64_t count = delta == deltas_.end() ? 0 : delta->second;
  if (const Change* change = change_of(key)) return count + change->references_before;
  const Table::Slot* slot = key.table->find(key.id);
  return slot ? count + slot->strong_references : count;
}

// Adds `by` for each strong reference of the row, except those that `other` has alike.
DbStatus Constraints::count_row(Table& table, const Row& row, int by, const Row* other, bool must_exist) {
  for (const ReferenceColumn& r : table.references) {
    if (!r.has_strong()) continue;
    Datum datum = row.get(*r.column);
    if (other) {
      if (datum == other->get(*r.column)) continue;
      Datum gone;
      row.get(*r.column).diff(other->get(*r.column), &datum, &gone);
    }
    for (size_t i = 0; i < datum.size(); ++i) {
      for (const bool is_key : {true, false}) {
        Table* target = is_key ? r.key_target : r.value_target;
        if (!target || !(is_key ? r.key_strong : r.value_strong)) continue;
        const Uuid& id = is_key ? datum.key(i).uuid() : datum.value(i).uuid();
        if (target == &table && id == row.id()) continue;  // a row does not keep itself alive
        deltas_[{target, id}] += by;
        if (must_exist && !target->find(id) && !is_lax(*r.column)) {
          return db_fail("referential integrity violation",
                         fmt::format("Table {} column {} row {} references nonexistent row {} in table {}.",
                                     table.name(), r.column->name, row.id().to_string(), id.to_string(),
                                     target->name()));
        }
      }
    }
  }
  return {};
}

DbStatus Constraints::count_references() {
  // The contents of a whole file: growing step by step would take longer than counting.
  constexpr size_t kMany = 1000;
  if (txn_.changes_.size() > kMany) deltas_.reserve(txn_.changes_.size());
  for (const Change& change : txn_.changes_) {
    Table& table = *change.key.table;
    if (change.before) (void)count_row(table, *change.before, -1, change.after.get(), false);
    if (!change.after) continue;
    if (auto counted = count_row(table, *change.after, +1, change.before.get(), true); !counted) return counted;
  }
  return {};
}

DbStatus Constraints::check_deleted() {
  for (const Change& change : txn_.changes_) {
    if (change.after) continue;
    if (const int64_t left = references_to(change.key); left > 0) {
      return db_fail("referential integrity violation",
                     fmt::format("cannot delete {} row {} because of {} remaining reference(s)",
                                 change.key.table->name(), change.key.id.to_string(), left));
    }
  }
  return {};
}

void Constraints::collect_garbage() {
  std::vector<RowKey> candidates;
  auto consider = [&](const RowKey& key) {
    if (!key.table->schema().is_root) candidates.push_back(key);
  };
  for (const Change& change : txn_.changes_) {
    if (change.before || !change.after || change.key.table->schema().is_root) continue;
    const auto delta = deltas_.find(change.key);
    if (delta == deltas_.end() || delta->second + change.references_before <= 0) candidates.push_back(change.key);
  }
  for (const auto& [key, delta] : deltas_)
    if (delta < 0) consider(key);
  while (!candidates.empty()) {
    const RowKey key = candidates.back();
    candidates.pop_back();
    const Table::Slot* slot = key.table->find(key.id);
    if (!slot || references_to(key) > 0) continue;
    const RowPtr row = slot->row;
    txn_.erase(*key.table, key.id);
    for (const ReferenceColumn& r : key.table->references) {
      const Datum& datum = row->get(*r.column);
      for (size_t i = 0; i < datum.size(); ++i) {
        if (r.key_strong) consider({r.key_target, datum.key(i).uuid()});
        if (r.value_strong) consider({r.value_target, datum.value(i).uuid()});
      }
    }
    (void)count_row(*key.table, *row, -1, nullptr, false);
  }
}

DbStatus Constraints::check_row_counts() {
  for (const Change& change : txn_.changes_) {
    const Table& table = *change.key.table;
    if (change.before || table.rows().size() <= table.schema().max_rows) continue;
    return db_fail("constraint violation",
                   fmt::format("transaction causes \"{}\" table to contain {} rows, greater than the schema-defined "
                               "limit of {} row(s)", table.name(), table.rows().size(), table.schema().max_rows));
  }
  return {};
}

DbStatus Constraints::drop_weak_references() {
  std::vector<RowKey> suspects;
  for (const Change& change : txn_.changes_) {
    if (change.after && change.key.table->has_weak_columns) suspects.push_back(change.key);
    if (change.after || !change.before) continue;
    auto it = change.key.table->weak_referrers.find(change.key.id);
    if (it != change.key.table->weak_referrers.end()) suspects.insert(suspects.end(), it->second.begin(), it->second.end());
  }
  for (const RowKey& key : suspects) {
    const Table::Slot* slot = key.table->find(key.id);
    if (!slot) continue;
    const RowPtr row = slot->row;
    if (auto dropped = drop_weak_references_of(*key.table, row); !dropped) return dropped;
  }
  return {};
}

DbStatus Constraints::drop_weak_references_of(Table& table, const RowPtr& row) {
  for (const ReferenceColumn& r : table.references) {
    if (!r.has_weak() || is_lax(*r.column)) continue;
    auto gone = [&](const Datum& d, size_t i) {
      return (r.key_target && !r.key_strong && !r.key_target->find(d.key(i).uuid())) ||
             (r.value_target && !r.value_strong && !r.value_target->find(d.value(i).uuid()));
    };
    Datum datum = row->get(*r.column);
    size_t dropped = 0;
    bool zero = false;
    for (size_t i = datum.size(); i-- > 0;) {
      if (!gone(datum, i)) continue;
      zero |= (r.key_target && datum.key(i).uuid().is_zero()) || (r.value_target && datum.value(i).uuid().is_zero());
      datum.erase_at(i);
      ++dropped;
    }
    if (!dropped) continue;
    if (datum.size() < r.column->type.min) {
      const Change* change = change_of({&table, row->id()});
      const char* history = change && !change->before ? " (inserted within this transaction)" : "";
      const std::string where = fmt::format("column \"{}\" in \"{}\" row {}{}", r.column->name, table.name(),
                                            row->id().to_string(), history);
      if (zero) {
        return db_fail("constraint violation",
                       fmt::format("Weak reference {} contained all-zeros UUID (probably as the default value for this "
                                   "column) but deleting this value caused a constraint volation because this column "
                                   "is not allowed to be empty.", where));
      }
      return db_fail("constraint violation",
                     fmt::format("Deletion of {} weak reference(s) to deleted (or never-existing) rows from {} caused "
                                 "this column to become empty, but constraints on this column disallow an empty "
                                 "column.", dropped, where));
    }
    txn_.modify(table, row).at(*r.column) = std::move(datum);
  }
  return {};
}

void Constraints::apply_reference_counts() {
  auto applied = std::make_shared<std::vector<std::pair<RowKey, int>>>();
  for (const auto& [key, delta] : deltas_) {
    Table::Slot* slot = delta ? key.table->find(key.id) : nullptr;
    if (!slot) continue;
    slot->strong_references = static_cast<uint32_t>(slot->strong_references + delta);
    applied->emplace_back(key, delta);
  }
  if (applied->empty()) return;
  txn_.undo_.push_back([applied] {
    for (const auto& [key, delta] : *applied)
      if (Table::Slot* slot = key.table->find(key.id)) slot->strong_references = static_cast<uint32_t>(slot->strong_references - delta);
  });
}

void Constraints::update_weak_referrers() {
  const bool any = std::any_of(txn_.changes_.begin(), txn_.changes_.end(),
                               [](const Change& c) { return c.key.table->has_weak_columns; });
  if (!any) return;
  move_weak_referrers(txn_.changes_, true);
  txn_.undo_.push_back([&txn = txn_] { move_weak_referrers(txn.changes_, false); });
}

void Constraints::give_versions() {
  for (Change& change : txn_.changes_)
    if (change.after) change.after->version = Datum::uuid(Uuid::random());
}

}  // namespace turnout::ovsdb::server
