// Words of a command line become commands: chaining, options by prefix, argument counts.
#include "utilities/ovs-vsctl/command.h"

#include <gtest/gtest.h>

namespace turnout::vsctl {
namespace {

Result<std::vector<Command>> parse(std::vector<std::string> words) { return parse_commands(words); }

std::string error_of(std::vector<std::string> words) {
  auto commands = parse(std::move(words));
  return commands ? "no error" : commands.error().message;
}

TEST(VsctlCommand, DoubleDashSeparatesCommands) {
  auto commands = parse({"add-br", "br0", "--", "add-port", "br0", "p1", "--", "list-br"});
  ASSERT_TRUE(commands);
  ASSERT_EQ(commands->size(), 3u);
  EXPECT_STREQ((*commands)[1].info->name, "add-port");
  EXPECT_EQ((*commands)[1].args, (std::vector<std::string>{"br0", "p1"}));
}

TEST(VsctlCommand, EmptyCommandsBetweenDashesAreSkipped) {
  auto commands = parse({"--", "list-br", "--", "--"});
  ASSERT_TRUE(commands);
  EXPECT_EQ(commands->size(), 1u);
}

TEST(VsctlCommand, NoCommandIsAnError) {
  EXPECT_EQ(error_of({}), "missing command name (use --help for help)");
  EXPECT_EQ(error_of({"--may-exist"}), "missing command name (use --help for help)");
  EXPECT_EQ(error_of({"frobnicate"}), "unknown command 'frobnicate'; use --help for help");
}

TEST(VsctlCommand, OptionsMayBeShortenedWhileUnique) {
  auto commands = parse({"--may", "add-br", "br0"});
  ASSERT_TRUE(commands);
  EXPECT_TRUE((*commands)[0].has("--may-exist"));
}

TEST(VsctlCommand, OptionsOfAnotherCommandAreRefused) {
  EXPECT_EQ(error_of({"--may-exist", "del-br", "br0"}), "'del-br' command has no '--may-exist' option");
}

TEST(VsctlCommand, OptionIsGivenOnce) {
  EXPECT_EQ(error_of({"--may-exist", "--may-exist", "add-br", "br0"}), "'--may-exist' option specified multiple times");
}

TEST(VsctlCommand, FlagTakesNoValueAndIdNeedsOne) {
  EXPECT_EQ(error_of({"--may-exist=1", "add-br", "br0"}), "'--may-exist' option on 'add-br' does not accept an argument");
  EXPECT_EQ(error_of({"--id", "create", "Bridge"}), "missing argument to '--id' option on 'create' command");
}

TEST(VsctlCommand, ArgumentCountsAreChecked) {
  EXPECT_EQ(error_of({"add-port", "br0"}), "'add-port' command requires at least 2 arguments");
  EXPECT_EQ(error_of({"list-br", "x"}), "'list-br' command takes at most 0 arguments");
}

TEST(VsctlCommand, OptionAfterTheNameGetsAHint) {
  EXPECT_EQ(error_of({"list-br", "--real"}),
            "'list-br' command takes at most 0 arguments (note that options must precede command names and follow a \"--\" argument)");
}

}  // namespace
}  // namespace turnout::vsctl
