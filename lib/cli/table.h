// Tables on standard output in the formats of ovs-vsctl(8), "Table Formatting Options": table, list, html, csv, json,
// with cells as string, bare or json. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/json/json.h"

namespace turnout::cli {

class Options;

struct TableStyle {
  enum class Format { kTable, kList, kHtml, kCsv, kJson } format = Format::kTable;
  enum class Cells { kString, kBare, kJson } cells = Cells::kString;
  bool headings = true, pretty = false;
  size_t max_column_width = 0;              // 0: no limit; for Format::kTable
};

// One cell in its three forms.
struct Cell {
  std::string string, bare;
  json::Json json;
  // Not a value of the database: shown as it is whatever --data says. Only --format=json takes `json`.
  bool plain = false;
  static Cell of_text(std::string_view text) { return {std::string(text), std::string(text), json::Json(text), true}; }
  static Cell of_nothing() { return {{}, {}, {}, true}; }
};

class Table {
 public:
  void set_caption(std::string caption) { caption_ = std::move(caption); }
  // When what the table tells happened; a line above the table, the member "time" in JSON.
  void set_timestamp(std::string timestamp) { timestamp_ = std::move(timestamp); }
  void add_column(std::string heading) { headings_.push_back(std::move(heading)); }
  void add_row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }   // one a column
  // The text, ready to print. first: whether it is the first table of the output; others are set off by a blank line,
  // where the format is text.
  std::string format(const TableStyle& style, bool first = true) const;

 private:
  std::string as_table(const TableStyle& style) const;
  std::string as_list(const TableStyle& style) const;
  std::string as_html(const TableStyle& style) const;
  std::string as_csv(const TableStyle& style) const;
  std::string as_json(const TableStyle& style) const;
  std::string heading_lines() const;
  std::string caption_, timestamp_;
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

// -f/--format, -d/--data, --no-headings, --pretty, --bare, --max-column-width into `style`.
void add_table(Options& options, TableStyle& style);

}  // namespace turnout::cli
