// The client side of tests/bench/ovsdb. Each mode prints one line of numbers.
//   bench_ovsdb mutate SOCKET COUNT WINDOW      → transactions per second, server CPU us per transaction
//   bench_ovsdb churn SOCKET COUNT WINDOW       → the same two for inserts, then for deletes
//   bench_ovsdb monitors SOCKET METHOD CLIENTS COUNT WINDOW → updates delivered per second, server CPU us per update
//   bench_ovsdb open SOCKET COMMAND…            → ms until the server answers, its resident kB then and at most
//   bench_ovsdb spawn COUNT COMMAND…            → ms for one run of a program, start to finish
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "tests/bench/ovsdb_wire.h"

extern char** environ;

namespace {

using bench::Wire;
using bench::die;

struct Cost {
  double per_second, cpu_us;
};

// Runs `work` and relates its time and the server's to the number of things done.
Cost measured(const Wire& wire, double things, const std::function<void()>& work) {
  const uint64_t cpu = bench::cpu_ns(wire.peer()), start = bench::now_ns();
  work();
  const double took = static_cast<double>(bench::now_ns() - start);
  return {things * 1e9 / took, static_cast<double>(bench::cpu_ns(wire.peer()) - cpu) / 1e3 / things};
}

std::string transact(size_t id, const std::string& operation) {
  return R"({"method":"transact","params":["Open_vSwitch",)" + operation + R"(],"id":)" + std::to_string(id) + '}';
}

// What `ovs-vsctl set open . external_ids:bench=VALUE` asks.
std::string mutation(const std::string& value) {
  return R"({"op":"mutate","table":"Open_vSwitch","where":[],"mutations":[["external_ids","delete",["set",["bench"]]],)"
         R"(["external_ids","insert",["map",[["bench",")" + value + R"("]]]]]})";
}

// Keeps `window` requests on their way; each reply is handed to `replied`.
void run(Wire& wire, const std::vector<std::string>& requests, size_t window,
         const std::function<void(std::string_view)>& replied) {
  size_t sent = 0, got = 0;
  std::string batch;
  while (got < requests.size()) {
    batch.clear();
    while (sent < requests.size() && sent - got < window) batch += requests[sent++];
    if (!batch.empty()) wire.send(batch);
    std::string_view reply = wire.receive();
    do {
      if (reply.find("\"error\":null") == std::string_view::npos || reply.find("\"details\"") != std::string_view::npos)
        die("unexpected: " + std::string(reply));
      replied(reply);
      ++got;
    } while (!(reply = wire.buffered()).empty());
  }
}

std::vector<std::string> mutations(size_t count) {
  std::vector<std::string> requests;
  for (size_t i = 0; i < count; ++i) requests.push_back(transact(i, mutation(std::to_string(i))));
  return requests;
}

void mutate(const std::string& socket, size_t count, size_t window) {
  Wire wire(socket);
  const auto requests = mutations(count);
  run(wire, mutations(100), window, [](std::string_view) {});
  const Cost cost = measured(wire, static_cast<double>(count), [&] { run(wire, requests, window, [](std::string_view) {}); });
  std::printf("%.1f %.3f\n", cost.per_second, cost.cpu_us);
}

void churn(const std::string& socket, size_t count, size_t window) {
  Wire wire(socket);
  std::vector<std::string> inserts, deletes;
  for (size_t i = 0; i < count; ++i) {
    inserts.push_back(transact(i, R"({"op":"insert","table":"Queue","row":{"dscp":10,"external_ids":["map",[["n",")" +
                                      std::to_string(i) + R"("]]],"other_config":["map",[["max-rate","1000000"]]]}})"));
  }
  const Cost in = measured(wire, static_cast<double>(count), [&] {
    run(wire, inserts, window, [&](std::string_view reply) {
      const size_t at = reply.find("[\"uuid\",\"");
      if (at == std::string_view::npos) die("no UUID in: " + std::string(reply));
      deletes.emplace_back(reply.substr(at + 9, 36));
    });
  });
  for (size_t i = 0; i < count; ++i) {
    deletes[i] = transact(i, R"({"op":"delete","table":"Queue","where":[["_uuid","==",["uuid",")" + deletes[i] + "\"]]]}");
  }
  const Cost out = measured(wire, static_cast<double>(count), [&] { run(wire, deletes, window, [](std::string_view) {}); });
  std::printf("%.1f %.3f %.1f %.3f\n", in.per_second, in.cpu_us, out.per_second, out.cpu_us);
}

// Reads what has come for one monitor; true when the last change is among it.
bool saw_last(Wire& wire, const std::string& last) {
  wire.read_more();
  bool seen = false;
  for (std::string_view update = wire.buffered(); !update.empty(); update = wire.buffered())
    seen |= update.find(last) != std::string_view::npos;
  return seen;
}

// Writer and monitors in one thread: all that is readable is read, each reply makes room for one more transaction.
void deliver(Wire& writer, std::vector<Wire>& monitors, size_t count, size_t window) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{EPOLLIN, {}};
  for (size_t i = 0; i <= monitors.size(); ++i) {
    event.data.u64 = i;
    epoll_ctl(poll, EPOLL_CTL_ADD, i < monitors.size() ? monitors[i].fd() : writer.fd(), &event);
  }
  // Only the last transaction sets this value, and no transaction of another run.
  const std::string mark = std::to_string(bench::now_ns()), last = "\"bench\",\"" + mark + '"';
  auto request = [&](size_t n) { return transact(n, mutation(n + 1 == count ? mark : std::to_string(n))); };
  size_t sent = 0, got = 0, behind = monitors.size();
  while (sent < std::min(window, count)) writer.send(request(sent++));
  epoll_event ready[128];
  while (got < count || behind) {
    const int n = epoll_wait(poll, ready, 128, 20000);
    if (n <= 0) die("updates are missing");
    for (int i = 0; i < n; ++i) {
      if (ready[i].data.u64 < monitors.size()) {
        behind -= saw_last(monitors[ready[i].data.u64], last);
        continue;
      }
      writer.read_more();
      while (!writer.buffered().empty()) {
        ++got;
        if (sent < count) writer.send(request(sent++));
      }
    }
  }
}

void monitors(const std::string& socket, const std::string& method, size_t clients, size_t count, size_t window) {
  Wire writer(socket);
  std::vector<Wire> listeners;
  for (size_t i = 0; i < clients; ++i) {
    listeners.emplace_back(socket);
    listeners.back().send(R"({"method":")" + method + R"(","params":["Open_vSwitch","m",{"Open_vSwitch":{"columns":)"
                          R"(["external_ids","bridges","other_config"]}}],"id":0})");
    (void)listeners.back().receive();
  }
  const double updates = static_cast<double>(clients * count);
  const Cost cost = measured(writer, updates, [&] { deliver(writer, listeners, count, window); });
  std::printf("%.1f %.3f\n", cost.per_second, cost.cpu_us);
}

// What the program prints goes nowhere.
pid_t spawn(char** command) {
  pid_t process = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  if (const int failed = posix_spawnp(&process, command[0], &actions, nullptr, command, environ)) {
    errno = failed;
    die(command[0]);
  }
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

long resident_kb(pid_t process, const char* field) {
  FILE* file = std::fopen(("/proc/" + std::to_string(process) + "/status").c_str(), "re");
  char line[256];
  long kb = 0;
  while (file && std::fgets(line, sizeof line, file))
    if (std::strncmp(line, field, std::strlen(field)) == 0) kb = std::atol(line + std::strlen(field));
  if (file) std::fclose(file);
  return kb;
}

void open_database(const std::string& socket, char** command) {
  const uint64_t start = bench::now_ns();
  const pid_t server = spawn(command);
  Wire wire(socket, 600'000);
  wire.send(transact(0, R"({"op":"select","table":"Open_vSwitch","where":[],"columns":["_uuid"]})"));
  (void)wire.receive();
  const double ms = static_cast<double>(bench::now_ns() - start) / 1e6;
  std::printf("%.2f %ld %ld\n", ms, resident_kb(server, "VmRSS:"), resident_kb(server, "VmHWM:"));
  kill(server, SIGTERM);
  waitpid(server, nullptr, 0);
}

void spawn_often(size_t count, char** command) {
  const uint64_t start = bench::now_ns();
  for (size_t i = 0; i < count; ++i) {
    int status = 0;
    waitpid(spawn(command), &status, 0);
    errno = 0;
    if (status) die(std::string(command[0]) + " failed");
  }
  std::printf("%.3f\n", static_cast<double>(bench::now_ns() - start) / 1e6 / static_cast<double>(count));
}

size_t number(const char* text) { return std::strtoul(text, nullptr, 10); }

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  errno = 0;
  if (mode == "mutate" && argc == 5) mutate(argv[2], number(argv[3]), number(argv[4]));
  else if (mode == "churn" && argc == 5) churn(argv[2], number(argv[3]), number(argv[4]));
  else if (mode == "monitors" && argc == 7) monitors(argv[2], argv[3], number(argv[4]), number(argv[5]), number(argv[6]));
  else if (mode == "open" && argc > 3) open_database(argv[2], argv + 3);
  else if (mode == "spawn" && argc > 3) spawn_often(number(argv[2]), argv + 3);
  else die("usage: see the head of ovsdb_client.cc");
  return 0;
}
