// Option parsing and tables.
#include <gtest/gtest.h>

#include "lib/cli/options.h"
#include "lib/cli/table.h"

namespace turnout::cli {
namespace {

struct OptionsTest : testing::Test {
  OptionsTest() {
    set_program("prog");
    add("dry-run", 'n', Argument::kNone);
    add("data", 'd', Argument::kRequired);
    add("pidfile", 0, Argument::kOptional);
  }
  void add(const char* name, char letter, Argument argument) {
    options.add({letter, name, argument, [this, name](std::string_view value) {
                   seen.push_back(std::string(name) + "=" + std::string(value));
                   return value == "bad" ? Status(fail("value bad is invalid")) : Status{};
                 }});
  }
  std::vector<std::string> parse(std::vector<std::string> words, bool stop = true) {
    std::vector<char*> argv{const_cast<char*>("argv0")};
    for (auto& word : words) argv.push_back(word.data());
    return options.parse(static_cast<int>(argv.size()), argv.data(), stop);
  }
  Options options;
  std::vector<std::string> seen;
};

using Words = std::vector<std::string>;

TEST_F(OptionsTest, UniquePrefixesAndLetters) {
  EXPECT_EQ(parse({"--dr", "--da=x", "-d", "y", "--pid", "rest"}), Words{"rest"});
  EXPECT_EQ(seen, (Words{"dry-run=", "data=x", "data=y", "pidfile="}));
}

TEST_F(OptionsTest, FirstWordEndsThemWhereAsked) {
  EXPECT_EQ(parse({"word", "-n"}), (Words{"word", "-n"}));
  EXPECT_EQ(parse({"word", "-n"}, false), Words{"word"});
  EXPECT_EQ(parse({"--", "-n"}), Words{"-n"});
}

TEST_F(OptionsTest, BadOnesEndTheProgram) {
  EXPECT_EXIT(parse({"--foo"}), testing::ExitedWithCode(1), "prog: unrecognized option '--foo'");
  EXPECT_EXIT(parse({"-Z"}), testing::ExitedWithCode(1), "prog: invalid option -- 'Z'");
  EXPECT_EXIT(parse({"--d"}), testing::ExitedWithCode(1), "prog: option '--d' is ambiguous");
  EXPECT_EXIT(parse({"--data"}), testing::ExitedWithCode(1), "prog: option '--data' requires an argument");
  EXPECT_EXIT(parse({"--data=bad"}), testing::ExitedWithCode(1), "prog: value bad is invalid");
}

TEST_F(OptionsTest, SharedOnesHaveTheReferencesMessages) {
  add_common(options, "usage\n");
  add_timeout(options);
  EXPECT_EXIT(parse({"--verbose=foo"}), testing::ExitedWithCode(1),
              "prog: processing \"foo\": no destination, level, or module \"foo\"");
  EXPECT_EXIT(parse({"-t", "0"}), testing::ExitedWithCode(1), "prog: value 0 on -t or --timeout is invalid");
  EXPECT_EQ(version_text().substr(0, version_text().find('\n')), "prog (Open vSwitch) 3.7.0");
}

struct TableTest : testing::Test {
  TableTest() {
    table.add_column("name");
    table.add_column("ids");
    table.add_row({Cell::of_text("br0"), {"{a=b, c=\"x\"}", "a=b c=x", json::Json::array({"map", 1})}});
    table.add_row({Cell::of_text("longer"), {"{}", "", json::Json::array()}});
  }
  std::string print(TableStyle::Format format, TableStyle::Cells cells = TableStyle::Cells::kString, bool headings = true) {
    TableStyle style;
    style.format = format;
    style.cells = cells;
    style.headings = headings;
    return table.format(style);
  }
  Table table;
};
using Format = TableStyle::Format;
using Cells = TableStyle::Cells;

TEST_F(TableTest, TableAlignsAndTrims) {
  EXPECT_EQ(print(Format::kTable), "name   ids\n------ ------------\nbr0    {a=b, c=\"x\"}\nlonger {}\n");
  EXPECT_EQ(print(Format::kTable, Cells::kBare, false), "br0    a=b c=x\nlonger\n");
}

TEST_F(TableTest, ListSetsRecordsApart) {
  EXPECT_EQ(print(Format::kList, Cells::kBare),
            "name                : br0\nids                 : a=b c=x\n\n"
            "name                : longer\nids                 : \n");
  EXPECT_EQ(print(Format::kList, Cells::kBare, false), "br0\na=b c=x\n\nlonger\n\n");
}

TEST_F(TableTest, CsvQuotesWhatNeedsIt) {
  EXPECT_EQ(print(Format::kCsv), "name,ids\nbr0,\"{a=b, c=\"\"x\"\"}\"\nlonger,{}\n");
}

TEST_F(TableTest, JsonIsAlwaysJson) {
  EXPECT_EQ(print(Format::kJson, Cells::kBare), R"({"data":[["br0",["map",1]],["longer",[]]],"headings":["name","ids"]})" "\n");
}

TEST_F(TableTest, HtmlEscapes) {
  const std::string html = print(Format::kHtml);
  EXPECT_TRUE(html.starts_with("<table border=1>\n  <tr>\n    <th>name</th>\n")) << html;
  EXPECT_NE(html.find("    <td>{a=b, c=&quot;x&quot;}</td>\n"), std::string::npos) << html;
}

TEST_F(TableTest, PlainCellsAreNoJsonOutsideJson) {
  Table plain;
  plain.add_column("action");
  plain.add_column("n");
  plain.add_row({Cell::of_text("old"), Cell::of_nothing()});
  TableStyle style;
  style.cells = Cells::kJson;
  EXPECT_EQ(plain.format(style), "action n\n------ -\nold\n");
  style.format = Format::kJson;
  EXPECT_EQ(plain.format(style), R"({"data":[["old",null]],"headings":["action","n"]})" "\n");
}

TEST_F(TableTest, TimestampStandsAboveTheCaptionAndInsideJson) {
  table.set_caption("T");
  table.set_timestamp("2026-01-02 03:04:05.678");
  EXPECT_TRUE(print(Format::kTable).starts_with("2026-01-02 03:04:05.678\nT\nname "));
  EXPECT_TRUE(print(Format::kHtml).starts_with("2026-01-02 03:04:05.678\n<table border=1>\n    <caption>T</caption>\n"));
  EXPECT_NE(print(Format::kJson).find(R"("time":"2026-01-02 03:04:05.678"})"), std::string::npos);
}

TEST(HtmlTable, UuidsAreLinksToTheRowsTheyName) {
  const std::string id = "bdb905b4-4af3-4801-92d5-82881690aea3";
  Table table;
  table.add_column("_uuid");
  table.add_column("refs");
  table.add_row({Cell::of_text(id), Cell::of_text("[x" + id + ", <" + id.substr(1) + "]")});
  TableStyle style;
  style.format = Format::kHtml;
  style.headings = false;
  EXPECT_EQ(table.format(style, false),
            "<table border=1>\n  <tr>\n    <td><a name=\"" + id + "\">bdb905b4</a></td>\n    <td>[x<a href=\"#" + id +
                "\">bdb905b4</a>, &lt;" + id.substr(1) + "]</td>\n  </tr>\n</table>\n");
}

}  // namespace
}  // namespace turnout::cli
