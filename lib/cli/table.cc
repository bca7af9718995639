// The five formats. Widths are counted in bytes, as the reference's are.
#include "lib/cli/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/strings.h"
#include "lib/base/uuid.h"
#include "lib/cli/options.h"

namespace turnout::cli {
namespace {

std::string cell_text(const Cell& cell, const TableStyle& style) {
  if (cell.plain) return cell.string;
  switch (style.cells) {
    case TableStyle::Cells::kString: return cell.string;
    case TableStyle::Cells::kBare: return cell.bare;
    case TableStyle::Cells::kJson: return cell.json.dump(json::Json::kSorted);
  }
  return {};
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

constexpr size_t kUuidLength = 36, kShortUuid = 8;

// Every UUID in the text leads to the row that has it for a name.
std::string html_with_links(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t at = 0;
    while (at + kUuidLength <= text.size() && !Uuid::parse(text.substr(at, kUuidLength))) ++at;
    const bool found = at + kUuidLength <= text.size();
    if (!found) at = text.size();
    out += escape_html(text.substr(0, at));
    text.remove_prefix(at);
    if (!found) break;
    out += fmt::format("<a href=\"#{}\">{}</a>", text.substr(0, kUuidLength), text.substr(0, kShortUuid));
    text.remove_prefix(kUuidLength);
  }
  return out;
}

std::string html_cell(std::string_view heading, std::string_view text) {
  if (heading != "_uuid") return html_with_links(text);
  return fmt::format("<a name=\"{}\">{}</a>", escape_html(text), escape_html(text.substr(0, kShortUuid)));
}

std::string escape_csv(std::string_view text) {
  if (text.find_first_of("\n\",") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

void append_line(std::string& out, const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i) out += ' ';
    std::string_view cell = std::string_view(cells[i]).substr(0, widths[i]);
    out += fmt::format("{:<{}}", cell, widths[i]);
  }
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

}  // namespace

std::string Table::format(const TableStyle& style, bool first) const {
  std::string out;
  if (!first && style.format != TableStyle::Format::kJson && style.format != TableStyle::Format::kHtml) out = "\n";
  switch (style.format) {
    case TableStyle::Format::kTable: return out + as_table(style);
    case TableStyle::Format::kList: return out + as_list(style);
    case TableStyle::Format::kHtml: return out + as_html(style);
    case TableStyle::Format::kCsv: return out + as_csv(style);
    case TableStyle::Format::kJson: return out + as_json(style);
  }
  return out;
}

std::string Table::heading_lines() const {
  std::string out;
  if (!timestamp_.empty()) out += timestamp_ + "\n";
  if (!caption_.empty()) out += caption_ + "\n";
  return out;
}

std::string Table::as_table(const TableStyle& style) const {
  std::vector<std::vector<std::string>> lines;
  std::vector<size_t> widths(headings_.size(), 0);
  for (size_t c = 0; c < headings_.size(); ++c) widths[c] = style.headings ? headings_[c].size() : 0;
  for (const auto& row : rows_) {
    std::vector<std::string> line;
    for (size_t c = 0; c < row.size(); ++c) {
      line.push_back(cell_text(row[c], style));
      size_t wide = line.back().size();
      if (style.max_column_width) wide = std::min(wide, std::max(style.max_column_width, widths[c]));
      widths[c] = std::max(widths[c], wide);
    }
    lines.push_back(std::move(line));
  }
  std::string out = heading_lines();
  if (style.headings) {
    append_line(out, headings_, widths);
    std::vector<std::string> rules;
    for (size_t w : widths) rules.emplace_back(w, '-');
    append_line(out, rules, widths);
  }
  for (const auto& line : lines) append_line(out, line, widths);
  return out;
}

std::string Table::as_list(const TableStyle& style) const {
  std::string out = heading_lines();
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (r) out += '\n';
    for (size_t c = 0; c < headings_.size(); ++c) {
      if (style.headings) out += fmt::format("{:<20}: ", headings_[c]);
      out += cell_text(rows_[r][c], style) + "\n";
    }
  }
  return out;
}

std::string Table::as_html(const TableStyle& style) const {
  std::string out;
  if (!timestamp_.empty()) out += escape_html(timestamp_) + "\n";
  out += "<table border=1>\n";
  if (!caption_.empty()) out += fmt::format("    <caption>{}</caption>\n", escape_html(caption_));
  auto row = [&](std::string_view element, auto&& text_of) {
    out += "  <tr>\n";
    for (size_t c = 0; c < headings_.size(); ++c) out += fmt::format("    <{0}>{1}</{0}>\n", element, text_of(c));
    out += "  </tr>\n";
  };
  if (style.headings) row("th", [&](size_t c) { return escape_html(headings_[c]); });
  for (const auto& cells : rows_) row("td", [&](size_t c) { return html_cell(headings_[c], cell_text(cells[c], style)); });
  return out + "</table>\n";
}

std::string Table::as_csv(const TableStyle& style) const {
  std::string out = heading_lines();
  auto row = [&](auto&& text_of) {
    for (size_t c = 0; c < headings_.size(); ++c) out += (c ? "," : "") + escape_csv(text_of(c));
    out += '\n';
  };
  if (style.headings) row([&](size_t c) { return headings_[c]; });
  for (const auto& cells : rows_) row([&](size_t c) { return cell_text(cells[c], style); });
  return out;
}

std::string Table::as_json(const TableStyle& style) const {
  json::Json headings = json::Json::array(), data = json::Json::array();
  for (const auto& h : headings_) headings.append(json::Json(h));
  for (const auto& row : rows_) {
    json::Json cells = json::Json::array();
    for (const Cell& cell : row) cells.append(cell.json);
    data.append(cells);
  }
  json::Json out = json::Json::object();
  if (!caption_.empty()) out.set("caption", json::Json(caption_));
  out.set("data", data);
  out.set("headings", headings);
  if (!timestamp_.empty()) out.set("time", json::Json(timestamp_));
  return out.dump(json::Json::kSorted | (style.pretty ? json::Json::kPretty : 0)) + "\n";
}

void add_table(Options& options, TableStyle& style) {
  using Format = TableStyle::Format;
  using Cells = TableStyle::Cells;
  options.add({'f', "format", Argument::kRequired, [&style](std::string_view v) -> Status {
                 constexpr std::pair<std::string_view, Format> kFormats[] = {
                     {"table", Format::kTable}, {"list", Format::kList}, {"html", Format::kHtml}, {"csv", Format::kCsv}, {"json", Format::kJson}};
                 for (auto [name, format] : kFormats)
                   if (name == v) {
                     style.format = format;
                     return {};
                   }
                 return fail(fmt::format("unknown output format \"{}\"", v));
               }});
  options.add({'d', "data", Argument::kRequired, [&style](std::string_view v) -> Status {
                 constexpr std::pair<std::string_view, Cells> kCells[] = {{"string", Cells::kString}, {"bare", Cells::kBare}, {"json", Cells::kJson}};
                 for (auto [name, cells] : kCells)
                   if (name == v) {
                     style.cells = cells;
                     return {};
                   }
                 return fail(fmt::format("unknown data format \"{}\"", v));
               }});
  options.add({0, "no-headings", Argument::kNone, [&style](std::string_view) { style.headings = false; return Status{}; }});
  options.add({0, "pretty", Argument::kNone, [&style](std::string_view) { style.pretty = true; return Status{}; }});
  options.add({0, "bare", Argument::kNone, [&style](std::string_view) {
                 style.format = Format::kList;
                 style.cells = Cells::kBare;
                 style.headings = false;
                 return Status{};
               }});
  options.add({0, "max-column-width", Argument::kRequired, [&style](std::string_view v) -> Status {
                 auto width = parse_unsigned(v);
                 if (!width) return fail(fmt::format("value {} on --max-column-width is invalid", v));
                 style.max_column_width = *width;
                 return {};
               }});
}

}  // namespace turnout::cli
