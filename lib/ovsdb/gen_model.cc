// Names and C++ types for tables and columns.
#include <algorithm>
#include <array>

#include "lib/ovsdb/gen.h"

namespace turnout::ovsdb::gen {

namespace {

// Names that an accessor cannot have: keywords, and what rows have already.
constexpr std::array kReserved = {
    "alignas", "and", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "const", "continue", "default",
    "delete", "do", "double", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto",
    "if", "inline", "int", "long", "mutable", "namespace", "new", "not", "operator", "or", "private", "protected", "public",
    "register", "return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "throw", "true",
    "try", "typedef", "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor",
    "uuid", "table", "get", "set", "committed", "change", "changed", "insert_into", "remove_from", "verify", "erase",
    "is_new", "is_deleted"};

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
  if (std::find(kReserved.begin(), kReserved.end(), schema.name) != kReserved.end()) c.accessor += '_';
  c.constant = "k" + camel(schema.name);
  if (c.constant == "kTable") c.constant += '_';
  const ColumnType& type = schema.type;
  c.key = cpp_type(type.key.type);
  if (type.is_map()) {
    c.value = cpp_type(type.value.type);
    c.kind = type.value.is_reference() ? Kind::kRefMap : Kind::kMap;
    if (type.value.is_reference()) c.row = class_name(type.value.ref_table);
  } else if (type.key.is_reference()) {
    c.kind = type.max == 1 ? Kind::kRef : Kind::kRefs;
    c.row = class_name(type.key.ref_table);
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

Model make_model(const Schema& schema, std::string name_space, std::string file_stem) {
  Model model{std::move(name_space), std::move(file_stem), {}};
  for (size_t i = 0; i < schema.tables().size(); i++) {
    Table table;
    table.schema = schema.tables()[i].get();
    table.index = i;
    table.class_name = class_name(table.schema->name);
    table.singular = table.schema->name;
    std::transform(table.singular.begin(), table.singular.end(), table.singular.begin(), ::tolower);
    table.plural = plural(table.singular);
    for (const ColumnSchema& column : table.schema->columns) table.columns.push_back(make_column(column));
    model.tables.push_back(std::move(table));
  }
  return model;
}

}  // namespace turnout::ovsdb::gen
