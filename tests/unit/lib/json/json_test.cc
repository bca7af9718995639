// JSON values, the splitter and JSON-RPC messages.
#include "lib/json/json.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "lib/json/jsonrpc.h"

namespace turnout::json {
namespace {

TEST(Json, TextRoundTripKeepsOrder) {
  const std::string text = R"({"z":[1,-2,true,false,null,"a\"\\\n\u0001é"],"a":{"b":[]},"m":{}})";
  EXPECT_EQ(Json::parse(text)->dump(), text);
}

TEST(Json, LastOfTwoMembersOfOneNameWins) { EXPECT_EQ(Json::parse(R"({"a":1,"a":2})")->get("a").as_integer(), 2); }

TEST(Json, WholeNumbersAreIntegersHoweverWritten) {
  EXPECT_TRUE(Json::parse("1.0")->is_integer());
  EXPECT_EQ(Json::parse("1e3")->as_integer(), 1000);
  EXPECT_TRUE(Json::parse("0.1")->is_real());
  EXPECT_EQ(Json::parse("0.1")->dump(), "0.1");
  EXPECT_EQ(Json::parse("9223372036854775807")->as_integer(), INT64_MAX);
}

TEST(Json, IntegersBeyond64BitsAreReals) {
  const auto json = Json::parse(R"([9223372036854775808,-9223372036854775809,{"9223372036854775808":"9223372036854775808\\\""},)"
                                "9223372036854775807,-9223372036854775808,1e3,123456789012345678901234567890]");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ((*json)[0].as_real(), 9223372036854775808.0);
  EXPECT_EQ((*json)[1].as_real(), -9223372036854775808.0);
  EXPECT_EQ((*json)[2].get("9223372036854775808").as_string(), "9223372036854775808\\\"");
  EXPECT_EQ((*json)[3].as_integer(), INT64_MAX);
  EXPECT_EQ((*json)[4].as_integer(), INT64_MIN);
  EXPECT_EQ((*json)[5].as_integer(), 1000);
  EXPECT_EQ((*json)[6].as_real(), 123456789012345678901234567890.0);
}

TEST(Json, StringWithNulIsRefused) { EXPECT_FALSE(Json::parse(R"(["a\u0000b"])").has_value()); }

TEST(Json, PrettyFormIsTheTools) {
  const Json v = Json::object({{"b", Json::array({1, Json::array()})}, {"a", "x"}});
  EXPECT_EQ(v.dump(Json::kPretty | Json::kSorted), "{\n  \"a\": \"x\",\n  \"b\": [\n    1,\n    []]}");
}

TEST(Json, InvalidUtf8IsReplaced) { EXPECT_EQ(Json(std::string_view("a\xff\xc3")).as_string(), "a\xef\xbf\xbd\xef\xbf\xbd"); }

TEST(Json, CopiesShareAndDeepCopiesDoNot) {
  Json a = Json::object();
  Json shared = a, own = a.deep_copy();
  a.set("k", 1);
  EXPECT_TRUE(shared.has("k"));
  EXPECT_FALSE(own.has("k"));
}

TEST(Json, AbsentIsNull) {
  const Json v = Json::array({1});
  EXPECT_TRUE(v[5].is_null());
  EXPECT_TRUE(v.get("x").is_null());
  EXPECT_TRUE(Json("s")[0].is_null());
  EXPECT_EQ(Json("s").size(), 0u);
}

TEST(Json, ParsedValuesAreNotChangedByWhatIsDoneToACopy) {
  const auto parsed = Json::parse(R"({"a":[1,{"b":2}],"c":null})");
  ASSERT_TRUE(parsed);
  Json copy = *parsed;
  copy.set("c", 3);
  copy.erase("a");
  EXPECT_EQ(copy.dump(), R"({"c":3})");
  EXPECT_EQ(parsed->dump(), R"({"a":[1,{"b":2}],"c":null})");
  Json part = parsed->get("a");
  part.append(parsed->get("a")[1]);
  EXPECT_EQ(part.dump(), R"([1,{"b":2},{"b":2}])");
  EXPECT_TRUE(part[2] == parsed->get("a")[1]);
}

TEST(Json, PartOfAParsedValueOutlivesTheRest) {
  Json part;
  {
    const auto parsed = Json::parse(R"({"a":["long enough not to lie inside anything"]})");
    part = parsed->get("a")[0];
  }
  EXPECT_EQ(part.as_string(), "long enough not to lie inside anything");
}

TEST(Json, ManyMembersAreFoundAndTheLastOfEachNameWins) {
  std::string text = "{";
  for (int i = 0; i < 3000; ++i) text += "\"m" + std::to_string(i % 2000) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const auto parsed = Json::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->size(), 2000u);
  for (int i = 0; i < 2000; ++i)
    EXPECT_EQ(parsed->get("m" + std::to_string(i)).as_integer(), i < 1000 ? i + 2000 : i);
  EXPECT_FALSE(parsed->has("m2000"));
  EXPECT_FALSE(parsed->has("m"));
}

TEST(Json, WhatIsNoTextOrNoNumberIsRefused) {
  for (const char* bad : {R"(["\ud800"])", R"(["\udc00"])", R"(["\ud800\u0041"])", R"({"\u0000":1})", R"(["\u0000"])",
                          "[1e400]", "[01]", "[1.]", "[+1]", "[\"\x01\"]", "[\"\xff\"]",
                          "[\"\xed\xa0\x80\"]", "[\"\xc0\x80\"]", "[1,]", "{\"a\":1,}", "[1]]", "[NaN]", "['a']"}) {
    EXPECT_FALSE(Json::parse(bad)) << bad;
  }
  EXPECT_EQ(Json::parse(R"(["\ud83d\ude00"])")->dump(), "[\"\xf0\x9f\x98\x80\"]");
  EXPECT_EQ(Json::parse("[9223372036854775807,-9223372036854775808,1.5]")->dump(), "[9223372036854775807,-9223372036854775808,1.5]");
}

TEST(Json, NestingIsDeepEnoughAndBounded) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(Json::parse(nested(1000))->dump(), nested(1000));
  EXPECT_EQ(Json::parse(nested(1500))->dump(), nested(1500));
  EXPECT_FALSE(Json::parse(nested(1000000)));
}

TEST(Json, ErrorsNameThePlace) {
  const auto bad = Json::parse("{\n\"a\" 1}");
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().message.starts_with("line 2, column ")) << bad.error().message;
  EXPECT_FALSE(Json::parse(""));
  EXPECT_FALSE(Json::parse("1 2"));
  EXPECT_FALSE(Json::parse(std::string(100000, '[')));
}

std::vector<std::string> split(std::string_view text, size_t piece, bool* ok = nullptr) {
  Splitter splitter;
  std::vector<std::string> found;
  for (size_t at = 0; at < text.size(); at += piece) {
    const auto status = splitter.feed(text.substr(at, piece), [&](std::string_view v) { found.emplace_back(v); });
    if (ok && !status) *ok = false;
  }
  return found;
}

TEST(Splitter, AnyPiecesGiveTheSameValues) {
  const std::string text = R"( {"a":"}\"]"} [1,[2]]{} )";
  const std::vector<std::string> expected{R"({"a":"}\"]"})", "[1,[2]]", "{}"};
  for (size_t piece = 1; piece <= text.size(); ++piece) EXPECT_EQ(split(text, piece), expected) << piece;
}

TEST(Splitter, AnythingElseBetweenValuesIsAnError) {
  bool ok = true;
  split("{} x", 1, &ok);
  EXPECT_FALSE(ok);
}

TEST(Splitter, SizeIsLimited) {
  Splitter splitter(10);
  EXPECT_TRUE(splitter.feed("[12345", [](std::string_view) {}));
  EXPECT_FALSE(splitter.feed("67890", [](std::string_view) {}));
}

TEST(Message, KindsAreToldApart) {
  const auto type = [](const char* text) { return Message::from_json(*Json::parse(text))->type; };
  EXPECT_EQ(type(R"({"method":"echo","params":[],"id":1})"), Message::Type::kRequest);
  EXPECT_EQ(type(R"({"method":"update","params":[],"id":null})"), Message::Type::kNotify);
  EXPECT_EQ(type(R"({"result":{},"error":null,"id":1})"), Message::Type::kReply);
  EXPECT_EQ(type(R"({"result":null,"error":"x","id":1})"), Message::Type::kError);
}

TEST(Message, NonsenseSaysWhatIsWrong) {
  for (const char* text : {"[]", "{}", R"({"method":1,"params":[]})", R"({"method":"a","params":{}})",
                           R"({"result":1,"error":2,"id":3})", R"({"result":1,"id":null})", R"({"foo":1})"}) {
    EXPECT_FALSE(Message::from_json(*Json::parse(text))) << text;
  }
}

TEST(Connection, RequestIsAnsweredAndGarbageEndsIt) {
  constexpr Duration kPatience = std::chrono::seconds(20);
  io::Loop loop;
  const std::string path = testing::TempDir() + "turnout_json_" + std::to_string(getpid());
  std::unique_ptr<Connection> server;
  std::optional<int> server_ended;
  const auto listener = io::Listener::listen(loop, "punix:" + path, [&](std::unique_ptr<io::Stream> stream) {
    server = std::make_unique<Connection>(std::move(stream), Connection::Handler{
        {}, [&](Message m) { server->send(Message::reply(m.params, m.id)); },
        [&](const Error& e) { server_ended = e.code; server.reset(); }, {}});
  });
  ASSERT_TRUE(listener);
  std::optional<Message> answer;
  bool ended = false;
  Connection client(std::move(*io::Stream::connect(loop, "unix:" + path)),
                    {{}, [&](Message m) { answer = std::move(m); }, [&](const Error&) { ended = true; }, {}});
  client.send(Message::request("echo", Json::array({1, "x"}), 7));
  ASSERT_TRUE(loop.run_until([&] { return answer.has_value(); }, kPatience));
  EXPECT_EQ(answer->result.dump(), R"([1,"x"])");
  EXPECT_EQ(answer->id.as_integer(), 7);
  client.send_text("{\"method\":1}");
  ASSERT_TRUE(loop.run_until([&] { return ended && server_ended; }, kPatience));
  EXPECT_EQ(*server_ended, EPROTO);
}

}  // namespace
}  // namespace turnout::json
