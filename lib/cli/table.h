// Tables in every format of the tools: table, list, html, csv, json (ovs-vsctl(8), "Table Formatting Options").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/cli/options.h"
#include "lib/json/json.h"

namespace turnout::cli {

struct TableStyle {
  enum class Format { kTable, kList, kHtml, kCsv, kJson } format = Format::kTable;
  enum class Data { kString, kBare, kJson } data = Data::kString;
  bool headings = true;
  bool pretty = false;
  size_t max_column_width = 0;  // 0: no limit; format table only

  // -f/--format, -d/--data, --no-headings, --pretty, --bare, --max-column-width.
  void add_options(Options& options);
};

class Table {
 public:
  struct Cell {
    std::string text;
    std::optional<json::Json> json;  // what format json and data json print; the text as a string if absent
  };
  void set_caption(std::string caption) { caption_ = std::move(caption); }
  void add_column(std::string heading) { headings_.push_back(std::move(heading)); }
  void add_row() { rows_.emplace_back(); }
  // To the row added last. `text` is in the style's data format already (the caller knows the type).
  void add_cell(std::string text) { rows_.back().push_back({std::move(text), {}}); }
  void add_cell(std::string text, json::Json json) { rows_.back().push_back({std::move(text), std::move(json)}); }

  // Ends with a newline if there is anything at all. Between two tables goes an empty line: that is the caller's.
  std::string format(const TableStyle& style) const;

 private:
  std::string cell_text(const TableStyle& style, const Cell& cell) const;
  std::string as_table(const TableStyle& style) const;
  std::string as_list(const TableStyle& style) const;
  std::string as_html(const TableStyle& style) const;
  std::string as_csv(const TableStyle& style) const;
  std::string as_json(const TableStyle& style) const;

  std::string caption_;
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace turnout::cli
