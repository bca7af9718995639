// Text of UUIDs, and that none is handed out twice.
#include "lib/base/uuid.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

namespace turnout {
namespace {

TEST(Uuid, TextRoundTrip) {
  const std::string text = "01234567-89ab-4cde-8f01-23456789abcd";
  const auto uuid = Uuid::parse(text);
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->parts[0], 0x01234567u);
  EXPECT_EQ(uuid->parts[3], 0x6789abcdu);
  EXPECT_EQ(uuid->to_string(), text);
  EXPECT_EQ(Uuid{}.to_string(), "00000000-0000-0000-0000-000000000000");
}

TEST(Uuid, RandomOnesAreVersion4AndDiffer) {
  std::set<Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid uuid = Uuid::random();
    EXPECT_EQ(uuid.parts[1] >> 12 & 0xf, 4u);
    EXPECT_EQ(uuid.parts[2] >> 30, 2u);
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

TEST(Uuid, ChildProcessHasItsOwn) {
  (void)Uuid::random();   // something has been fetched
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Uuid made = Uuid::random();
    _exit(write(ends[1], &made, sizeof made) == sizeof made ? 0 : 1);
  }
  Uuid theirs;
  ASSERT_EQ(read(ends[0], &theirs, sizeof theirs), static_cast<ssize_t>(sizeof theirs));
  EXPECT_NE(Uuid::random(), theirs);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace turnout
