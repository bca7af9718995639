// Values, conditions, mutations and schemas from hostile JSON and text. What was accepted must survive the way back.
// The first byte chooses the type, the rest is the text.
#include <cstdlib>

#include "lib/ovsdb/condition.h"
#include "lib/ovsdb/mutation.h"

namespace {

using namespace turnout::ovsdb;
using turnout::json::Json;

constexpr const char* kSchema = R"({"name":"D","tables":{"A":{"columns":{
  "i":{"type":"integer"},
  "r":{"type":{"key":{"type":"real","minReal":-5,"maxReal":1000},"min":0,"max":"unlimited"}},
  "b":{"type":{"key":"boolean","min":0}},
  "s":{"type":{"key":{"type":"string","maxLength":20},"min":0,"max":4}},
  "e":{"type":{"key":{"type":"string","enum":["set",["red","green"]]}}},
  "u":{"type":{"key":{"type":"uuid","refTable":"A"},"min":0,"max":"unlimited"}},
  "n":{"type":{"key":"integer","min":0,"max":"unlimited"}},
  "m":{"type":{"key":"string","value":{"type":"integer","minInteger":0},"min":0,"max":"unlimited"}}}}}})";

const TableSchema& table() {
  static const auto schema = *Schema::from_json(*Json::parse(kSchema));
  return *schema->tables()[0];
}

void must(bool condition) {
  if (!condition) abort();
}

void check_round_trips(const ColumnType& type, const Datum& datum) {
  std::string text;
  append_datum_json(text, datum);
  auto json = Json::parse("[" + text + "]");
  must(json.has_value());
  auto again = datum_from_json(type, (*json)[0]);
  must(again.has_value() && *again == datum);
  for (size_t i = 1; i < datum.size(); i++) must(datum.key(i - 1) < datum.key(i));
  auto from_text = datum_from_text(type, datum_to_text(datum, type));
  must(from_text.has_value() && *from_text == datum);
}

void try_json(const ColumnSchema& column, const Json& json) {
  auto datum = datum_from_json(column.type, json);
  if (datum) check_round_trips(column.type, *datum);
  if (auto any = datum_from_json_unchecked(column.type, json)) {
    Datum base = column.type.default_datum();
    Datum delta = any->diff2(base);
    base.apply_diff(delta);
    must(base == *any);
  }
  SymbolTable symbols;
  if (auto c = Condition::from_json(table(), json, &symbols)) (void)c->to_json().dump();
  if (auto m = Mutation::from_json(table(), json, &symbols)) {
    Datum value = m->column->type.default_datum();
    (void)m->apply(&value);
  }
  if (auto s = Schema::from_json(json)) {
    auto again = Schema::from_json((*s)->to_json());
    must(again.has_value() && (*again)->same_as(**s));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ColumnSchema& column = table().columns[data[0] % table().columns.size()];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  SymbolTable symbols;
  if (auto datum = datum_from_text(column.type, text, &symbols)) check_round_trips(column.type, *datum);
  if (auto json = Json::parse(text)) try_json(column, *json);
  return 0;
}
