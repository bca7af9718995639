// Commands over a control socket: a server on one loop, the blocking client on another thread.
#include "lib/unixctl/unixctl.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

namespace turnout::unixctl {
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

struct UnixctlTest : testing::Test {
  void SetUp() override {
    const std::string path = testing::TempDir() + "turnout_ctl_" + std::to_string(getpid());
    auto created = Server::create(loop, "testd", path);
    ASSERT_TRUE(created) << created.error().message;
    server = std::move(*created);
    server->add("echo", "[word]...", 0, 2, [](Args args, const Reply& reply) {
      std::string text;
      for (const auto& word : args) text += word + ";";
      reply.ok(text);
    });
    server->add("later", "", 0, 0, [this](Args, const Reply& reply) { loop.post([reply] { reply.ok("now"); }); });
    server->add("need", "ARG", 1, 1, [](Args, const Reply& reply) { reply.error("no"); });
    server->add("structured", "", 0, 0,
                [](Args, const Reply& reply) { reply.ok_json(json::Json::object({{"a", 1}})); });
  }
  Answer ask(const std::string& command, std::vector<std::string> args = {}, std::string format = "text") {
    auto future = std::async(std::launch::async, [&] { return call(server->path(), command, args, 20, format); });
    loop.run_until([&] { return future.wait_for(Duration(0)) == std::future_status::ready || (loop.post([] {}), false); },
                   kPatience);
    auto answer = future.get();
    if (!answer) return {false, "transport: " + answer.error().message, {}};
    return *answer;
  }
  io::Loop loop;
  std::unique_ptr<Server> server;
};

TEST_F(UnixctlTest, WordsArriveAsTheyWereSent) {
  const Answer answer = ask("echo", {"a b", ""});
  EXPECT_TRUE(answer.ok);
  EXPECT_EQ(answer.text, "a b;;\n");
}

TEST_F(UnixctlTest, AnswersMayComeLater) { EXPECT_EQ(ask("later").text, "now\n"); }

TEST_F(UnixctlTest, ErrorsHaveTheReferencesText) {
  EXPECT_EQ(ask("nosuch").text,
            "\"nosuch\" is not a valid command (use \"list-commands\" to see a list of valid commands)\n");
  EXPECT_EQ(ask("echo", {"1", "2", "3"}).text, "\"echo\" command takes at most 2 arguments\n");
  EXPECT_EQ(ask("need").text, "\"need\" command requires at least 1 arguments\n");
  EXPECT_FALSE(ask("need", {"x"}).ok);
  EXPECT_EQ(ask("need", {"x"}).text, "no\n");
}

TEST_F(UnixctlTest, FormatJsonWrapsTextAndPassesStructure) {
  EXPECT_EQ(ask("structured", {}, "json").value.dump(), R"({"a":1})");
  EXPECT_EQ(ask("echo", {"x"}, "json").value.dump(), R"({"reply":"x;\n","reply-format":"plain"})");
  EXPECT_EQ(ask("structured").text, "{\"a\":1}\n");
}

TEST_F(UnixctlTest, ListCommandsAlignsUsage) {
  const std::string text = ask("list-commands").text;
  EXPECT_TRUE(text.starts_with("The available commands are:\n")) << text;
  EXPECT_NE(text.find("  need                    ARG\n"), std::string::npos) << text;
}

TEST_F(UnixctlTest, TimeCommandsWarpTheLoop) {
  Clock& clock = loop.clock();
  add_time_commands(*server, loop);
  EXPECT_EQ(ask("time/stop").text, "");
  const TimePoint start = clock.now();
  EXPECT_EQ(ask("time/warp", {"1000", "100"}).text, "warped\n");
  EXPECT_EQ(clock.now() - start, std::chrono::seconds(1));
  for (const char* bad : {"x", "0", "-5", "1x"}) EXPECT_EQ(ask("time/warp", {bad}).text, "invalid MSECS\n") << bad;
}

TEST_F(UnixctlTest, MemoryIsSummedAndSorted) {
  add_memory_command(*server, {[](const auto& add) { add("rules", 5); add("handlers", 1); },
                               [](const auto& add) { add("rules", 2); }});
  EXPECT_EQ(ask("memory/show").text, "handlers:1 rules:7\n");
}

TEST_F(UnixctlTest, SocketGoesWithTheServer) {
  const std::string path = server->path();
  EXPECT_TRUE(std::filesystem::exists(path));
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  const auto answer = call(path, "version", {}, 5);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "cannot connect to \"" + path + "\" (No such file or directory)");
}

}  // namespace
}  // namespace turnout::unixctl
