// Names and C++ types for tables and columns.
#include <algorithm>
#include <array>
#include <set>

#include "lib/ovsdb/gen.h"

namespace turnout::ovsdb::gen {

namespace {

// Names that an accessor cannot have: keywords, and what rows have already.
constexpr std::array kReserved = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const", "const_cast",
    "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else",
    "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable",
    "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private", "protected", "public",
    "register", "reinterpret_cast", "requires", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast",
    "struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "union",
    "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
    "EOF", "NULL", "assert", "errno", "linux", "major", "minor", "stderr", "stdin", "stdout", "unix",   // macros
    "uuid", "table", "get", "set", "committed", "change", "changed", "insert_into", "remove_from", "verify", "erase",
    "is_new", "is_deleted"};

// The same for the tables' names on the Idl, and for their classes.
constexpr std::array kReservedOnIdl = {
    "Options", "monitor", "omit", "omit_alert", "track", "track_all", "start", "monitor_where", "conditions_settled", "set_lock",
    "schema", "column", "table", "seqno", "has_contents", "is_connected", "is_alive", "last_error", "has_lock", "lock_name",
    "lock_contended", "on_change", "clear_tracked", "wait_for_contents", "txn", "loop", "force_reconnect", "memory_cells",
    "outstanding", "built_in_schema"};

template <typename List>
bool is_one_of(const std::string& name, const List& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// `name` with as many underscores as make it unlike those before it.
std::string unique(std::string name, std::set<std::string>& taken) {
  while (!taken.insert(name).second) name += '_';
  return name;
}

std::string camel(std::string_view name) {
  std::string out;
  bool upper = true;
  for (char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper ? static_cast<char>(toupper(c)) : c;
    upper = false;
  }
  return out;
}

std::string cpp_type(AtomType type) {
  switch (type) {
    case AtomType::kInteger: return "int64_t";
    case AtomType::kReal: return "double";
    case AtomType::kBoolean: return "bool";
    case AtomType::kString: return "std::string_view";
    default: return "turnout::Uuid";
  }
}

Column make_column(const ColumnSchema& schema) {
  Column c;
  c.schema = &schema;
  c.accessor = schema.name;
  if (is_one_of(schema.name, kReserved)) c.accessor += '_';
  c.constant = "k" + camel(schema.name);
  const ColumnType& type = schema.type;
  c.key = cpp_type(type.key.type);
  if (type.is_map()) {
    c.value = cpp_type(type.value.type);
    c.kind = type.value.is_reference() ? Kind::kRefMap : Kind::kMap;
    if (type.value.is_reference()) c.row = type.value.ref_table;
  } else if (type.key.is_reference()) {
    c.kind = type.max == 1 ? Kind::kRef : Kind::kRefs;
    c.row = type.key.ref_table;
  } else {
    c.kind = type.is_scalar() ? Kind::kScalar : type.max == 1 ? Kind::kOptional : Kind::kSet;
  }
  return c;
}

}  // namespace

std::string class_name(std::string_view table) { return camel(table); }

std::string plural(std::string_view word) {
  auto ends = [&](std::string_view tail) { return word.ends_with(tail); };
  std::string out(word);
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return out + "es";
  if (ends("y") && word.size() > 1 && std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
    out.pop_back();
    return out + "ies";
  }
  return out + "s";
}

namespace {

// The accessors and constants of one class. A class cannot have a member of its own name.
void add_columns(Table& table) {
  std::set<std::string> accessors{table.class_name}, constants{"kTable"};
  for (const ColumnSchema& schema : table.schema->columns) {
    Column column = make_column(schema);
    column.accessor = unique(column.accessor, accessors);
    column.constant = unique(column.constant, constants);
    table.columns.push_back(std::move(column));
  }
}

// References name tables; here they get the names of the classes.
void name_references(Model& model) {
  for (Table& table : model.tables)
    for (Column& column : table.columns)
      for (const Table& target : model.tables)
        if (!column.row.empty() && target.schema->name == column.row) {
          column.row = target.class_name;
          break;
        }
}

}  // namespace

Model make_model(const Schema& schema, std::string name_space, std::string file_stem) {
  Model model{.name_space = std::move(name_space), .file_stem = std::move(file_stem), .tables = {}};
  std::set<std::string> classes{"Idl"}, names(kReservedOnIdl.begin(), kReservedOnIdl.end());
  for (size_t i = 0; i < schema.tables().size(); i++) {
    Table table;
    table.schema = schema.tables()[i].get();
    table.index = i;
    table.class_name = unique(class_name(table.schema->name), classes);
    table.singular = table.schema->name;
    std::transform(table.singular.begin(), table.singular.end(), table.singular.begin(), ::tolower);
    if (is_one_of(table.singular, kReserved)) table.singular += '_';
    table.plural = unique(plural(table.singular), names);
    table.singular = unique(table.singular, names);
    add_columns(table);
    model.tables.push_back(std::move(table));
  }
  name_references(model);
  return model;
}

}  // namespace turnout::ovsdb::gen
