// What the reader of database files says of sound, torn and damaged files.
#include "ovsdb/server/journal_reader.h"

#include <gtest/gtest.h>

#include "ovsdb/server/journal.h"

namespace turnout::ovsdb::server {
namespace {

using Next = JournalReader::Next;

std::string two_records() { return framed_record("{\"a\":1}") + framed_record("{\"b\":2}"); }

TEST(JournalReader, ReadsRecordsInOrder) {
  const std::string bytes = two_records();
  JournalReader reader("db", bytes);
  std::string_view text;
  ASSERT_EQ(reader.next(&text), Next::kRecord);
  EXPECT_EQ(text, "{\"a\":1}\n");
  ASSERT_EQ(reader.next(&text), Next::kRecord);
  EXPECT_EQ(text, "{\"b\":2}\n");
  EXPECT_EQ(reader.next(&text), Next::kEnd);
  EXPECT_EQ(reader.end(), bytes.size());
}

TEST(JournalReader, EveryCutLeavesATornTail) {
  const std::string whole = two_records();
  const size_t first = framed_record("{\"a\":1}").size();
  for (size_t size = first + 1; size < whole.size(); ++size) {
    JournalReader reader("db", std::string_view(whole).substr(0, size));
    std::string_view text;
    ASSERT_EQ(reader.next(&text), Next::kRecord);
    ASSERT_EQ(reader.next(&text), Next::kTorn) << size;
    EXPECT_EQ(reader.offset(), first);
    EXPECT_EQ(reader.end(), first);
  }
}

TEST(JournalReader, DamageBeforeWholeRecordsIsNotATornTail) {
  std::string bytes = two_records();
  bytes[bytes.find("\"a\"") + 1] = 'X';
  JournalReader reader("db", bytes);
  std::string_view text;
  EXPECT_EQ(reader.next(&text), Next::kCorrupt);
  EXPECT_NE(reader.error().find("SHA-1 hash"), std::string::npos);
}

TEST(JournalReader, NamesFileAndOffsetOfABadHeader) {
  const std::string bytes = framed_record("{}") + "garbage\n";
  JournalReader reader("some.db", bytes);
  std::string_view text;
  ASSERT_EQ(reader.next(&text), Next::kRecord);
  ASSERT_EQ(reader.next(&text), Next::kTorn);
  EXPECT_EQ(reader.error(), "syntax error: some.db: parse error at offset 57 in header line \"garbage\"");
}

TEST(JournalReader, AnEnormousLengthIsATornTail) {
  const std::string bytes = "OVSDB JSON 18446744073709551615 " + std::string(40, '0') + "\n{}\n";
  JournalReader reader("db", bytes);
  std::string_view text;
  EXPECT_EQ(reader.next(&text), Next::kTorn);
}

TEST(JournalReader, TellsFileKindsApart) {
  EXPECT_EQ(JournalReader::magic_of("OVSDB JSON 1 x"), "JSON");
  EXPECT_EQ(JournalReader::magic_of("OVSDB CLUSTER 1 x"), "CLUSTER");
  EXPECT_EQ(JournalReader::magic_of("hello"), "");
}

}  // namespace
}  // namespace turnout::ovsdb::server
