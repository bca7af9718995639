// The five formats of tables.
#include "lib/cli/table.h"

#include <fmt/core.h>

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/base/uuid.h"

namespace turnout::cli {

namespace {

// Columns on a terminal: continuation bytes of UTF-8 take none.
size_t display_width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string clip(std::string_view text, size_t width) {
  size_t end = 0, seen = 0;
  for (; end < text.size(); ++end) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (starts && seen++ == width) break;
  }
  return std::string(text.substr(0, end));
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// A cell for a page on which each row's UUID is an anchor: references become links, shown by their first digits.
std::string html_cell(std::string_view text, bool anchor) {
  constexpr size_t kUuid = 36;
  std::string out;
  while (!text.empty()) {
    size_t at = 0;
    while (at + kUuid <= text.size() && !Uuid::parse(text.substr(at, kUuid))) ++at;
    if (at + kUuid > text.size()) return out + escape_html(text);
    const std::string_view uuid = text.substr(at, kUuid);
    out += escape_html(text.substr(0, at));
    out += anchor ? fmt::format("<a name=\"{}\">{}</a>", uuid, uuid.substr(0, 8))
                  : fmt::format("<a href=\"#{}\">{}</a>", uuid, uuid.substr(0, 8));
    text.remove_prefix(at + kUuid);
  }
  return out;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of("\n\",") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

Status choose(const char* value, std::string_view what, std::initializer_list<std::string_view> words, int* chosen) {
  int i = 0;
  for (std::string_view word : words) {
    if (word == value) {
      *chosen = i;
      return {};
    }
    ++i;
  }
  return fail(fmt::format("unknown {} format \"{}\"", what, value));
}

}  // namespace

void TableStyle::add_options(Options& options) {
  using Value = Options::Value;
  options.add("format", Value::kRequired, [this](const char* v) {
    int chosen = static_cast<int>(format);
    auto status = choose(v, "output", {"table", "list", "html", "csv", "json"}, &chosen);
    format = static_cast<Format>(chosen);
    return status;
  }, 'f');
  options.add("data", Value::kRequired, [this](const char* v) {
    int chosen = static_cast<int>(data);
    auto status = choose(v, "data", {"string", "bare", "json"}, &chosen);
    data = static_cast<Data>(chosen);
    return status;
  }, 'd');
  options.add("no-headings", Value::kNone, [this](const char*) { headings = false; return Status{}; });
  options.add("pretty", Value::kNone, [this](const char*) { pretty = true; return Status{}; });
  options.add("bare", Value::kNone, [this](const char*) {
    format = Format::kList;
    data = Data::kBare;
    headings = false;
    return Status{};
  });
  options.add("max-column-width", Value::kRequired, [this](const char* v) -> Status {
    const auto width = parse_unsigned(v);
    if (!width) return fail(fmt::format("value {} on --max-column-width is invalid", v));
    max_column_width = static_cast<size_t>(*width);
    return {};
  });
}

std::string Table::cell_text(const TableStyle& style, const Cell& cell) const {
  if (style.data == TableStyle::Data::kJson && cell.json) return cell.json->dump(json::Json::kSorted);
  return cell.text;
}

std::string Table::format(const TableStyle& style) const {
  switch (style.format) {
    case TableStyle::Format::kTable: return as_table(style);
    case TableStyle::Format::kList: return as_list(style);
    case TableStyle::Format::kHtml: return as_html(style);
    case TableStyle::Format::kCsv: return as_csv(style);
    case TableStyle::Format::kJson: return as_json(style);
  }
  return "";
}

std::string Table::as_table(const TableStyle& style) const {
  std::vector<std::vector<std::string>> lines;
  std::vector<size_t> widths(headings_.size(), 0);
  for (const auto& row : rows_) {
    auto& line = lines.emplace_back();
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      line.push_back(cell_text(style, row[i]));
      widths[i] = std::max(widths[i], display_width(line.back()));
    }
  }
  for (size_t i = 0; i < widths.size(); ++i) {
    if (style.max_column_width) widths[i] = std::min(widths[i], style.max_column_width);
    if (style.headings) widths[i] = std::max(widths[i], display_width(headings_[i]));
  }
  if (style.headings) {
    std::vector<std::string> rules;
    for (size_t width : widths) rules.emplace_back(width, '-');
    lines.insert(lines.begin(), {headings_, rules});
  }
  std::string out = caption_.empty() ? "" : caption_ + "\n";
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string cell = clip(line[i], widths[i]);
      text += cell;
      if (i + 1 < line.size()) text.append(widths[i] - display_width(cell) + 1, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string Table::as_list(const TableStyle& style) const {
  std::string out = caption_.empty() ? "" : caption_ + "\n";
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (r) out += "\n";
    for (size_t i = 0; i < rows_[r].size() && i < headings_.size(); ++i) {
      if (style.headings) out += fmt::format("{:<20}: ", headings_[i]);
      out += cell_text(style, rows_[r][i]) + "\n";
    }
  }
  return out;
}

std::string Table::as_html(const TableStyle& style) const {
  std::string out = "<table border=1>\n";
  if (!caption_.empty()) out += "  <caption>" + escape_html(caption_) + "</caption>\n";
  if (style.headings) {
    out += "  <tr>\n";
    for (const auto& heading : headings_) out += "    <th>" + escape_html(heading) + "</th>\n";
    out += "  </tr>\n";
  }
  for (const auto& row : rows_) {
    out += "  <tr>\n";
    for (size_t i = 0; i < row.size() && i < headings_.size(); ++i) {
      out += "    <td>" + html_cell(cell_text(style, row[i]), headings_[i] == "_uuid") + "</td>\n";
    }
    out += "  </tr>\n";
  }
  return out + "</table>\n";
}

std::string Table::as_csv(const TableStyle& style) const {
  std::string out = caption_.empty() ? "" : caption_ + "\n";
  const auto line = [&out](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) out += (i ? "," : "") + csv_cell(cells[i]);
    out += "\n";
  };
  if (style.headings) line(headings_);
  for (const auto& row : rows_) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(cell_text(style, cell));
    line(cells);
  }
  return out;
}

std::string Table::as_json(const TableStyle& style) const {
  using json::Json;
  Json whole = Json::object(), headings = Json::array(), data = Json::array();
  if (!caption_.empty()) whole.set("caption", caption_);
  for (const auto& heading : headings_) headings.append(heading);
  for (const auto& row : rows_) {
    Json cells = Json::array();
    for (const auto& cell : row) cells.append(cell.json ? *cell.json : Json(cell.text));
    data.append(std::move(cells));
  }
  whole.set("headings", headings);
  whole.set("data", data);
  return whole.dump(Json::kSorted | (style.pretty ? Json::kPretty : Json::kCompact)) + "\n";
}

}  // namespace turnout::cli
