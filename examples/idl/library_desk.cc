// A lending desk on an OVSDB database: shows typed rows, references, conditions, change tracking, preconditions, locks.
// usage: library_desk REMOTE fill | lend TITLE READER | watch COUNT | find TITLE
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "library_idl.h"
#include "turnout/base/log_control.h"
#include "turnout/ovsdb/idl_txn.h"

using turnout::ovsdb::IdlTxn;
using turnout::ovsdb::TxnStatus;

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fflush(stdout);
  std::fprintf(stderr, "library_desk: %s\n", why.c_str());
  std::exit(1);
}

// Runs `change` in transactions until the database was as the change had seen it.
template <typename Change>
void commit(library::Idl& idl, Change change) {
  for (;;) {
    const uint64_t seen = idl.seqno();
    IdlTxn txn(idl);
    change(txn);
    switch (txn.commit_block()) {
      case TxnStatus::kSuccess:
      case TxnStatus::kUnchanged: return;
      case TxnStatus::kTryAgain:
        if (!idl.is_alive()) die("the database is gone");
        idl.loop().run_until([&] { return idl.seqno() != seen || !idl.is_alive(); });
        break;
      case TxnStatus::kNotLocked: die("another desk is open");
      default: die(txn.error());
    }
  }
}

// One transaction of rows that refer to each other.
void fill(library::Idl& idl) {
  commit(idl, [&](IdlTxn& txn) {
    auto& reader = txn.insert<library::Reader>();
    reader.set_name("Ada");
    reader.set_active(true);
    auto& book = txn.insert<library::Book>();
    book.set_title("Packet Switching");
    book.set_state("in");
    book.set_year(1961);
    book.set_prices(std::map<std::string, double>{{"new", 30.5}, {"used", 9}});
    book.set_editions(std::vector<turnout::Uuid>{turnout::Uuid::random(), turnout::Uuid::random()});
    auto& shelf = txn.insert<library::Shelf>();
    shelf.set_label("Networks");
    shelf.put_books(1, &book);
    auto& root = txn.insert<library::Library>();
    root.add_shelves(&shelf);
    root.add_readers(&reader);
    root.set_featured(&book);
  });
}

library::Book* book_of(library::Idl& idl, std::string_view title) {
  for (library::Book& book : idl.books())
    if (book.title() == title) return &book;
  die("no book " + std::string(title));
}

// verify_state() makes the transaction fail, and be tried on the new state, if another desk lends the book meanwhile.
void lend(library::Idl& idl, std::string_view title, std::string_view name) {
  idl.set_lock("desk");
  if (!idl.loop().run_until([&] { return idl.has_lock(); }, std::chrono::seconds(10))) die("another desk is open");
  commit(idl, [&](IdlTxn&) {
    library::Book* book = book_of(idl, title);
    book->verify_state();
    if (book->state() != "in") die("that book is " + std::string(book->state()));
    for (library::Reader& reader : idl.readers())
      if (reader.name() == name) book->set_reader(&reader);
    if (!book->reader()) die("no reader " + std::string(name));
    book->set_state("out");
  });
}

// Prints COUNT changes of books as they come, whoever makes them.
void watch(library::Idl& idl, int count) {
  while (count > 0) {
    for (library::Book* book : idl.books().tracked()) {
      using turnout::ovsdb::Change;
      const char* what = book->change() == Change::kInserted ? "new" : book->change() == Change::kDeleted ? "gone" : "changed";
      std::printf("%s: %s is %s\n", what, std::string(book->title()).c_str(), std::string(book->state()).c_str());
      std::fflush(stdout);
      if (--count == 0) return;
    }
    idl.clear_tracked();
    const uint64_t seen = idl.seqno();
    idl.loop().run_until([&] { return idl.seqno() != seen || !idl.is_alive(); });
    if (!idl.is_alive()) die("the database is gone");
  }
}

// Replicates just the book that is asked for, by a condition that is set while the replica runs.
void find(library::Idl& idl, const char* title) {
  using turnout::json::Json;
  idl.monitor_where(idl.books().schema(), Json::array({Json::array({"title", "==", title})}));
  idl.loop().run_until([&] { return idl.conditions_settled() || !idl.is_alive(); });
  std::printf("%zu replicated\n", idl.books().size());
  library::Book* book = book_of(idl, title);
  std::printf("%s, %s, %s", title, book->year() ? std::to_string(*book->year()).c_str() : "no year", std::string(book->state()).c_str());
  for (auto [kind, price] : book->prices()) std::printf(", %s %.2f", std::string(kind).c_str(), price);
  std::printf(", %zu editions\n", book->editions().size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: library_desk REMOTE fill | lend TITLE READER | watch COUNT | find TITLE");
  (void)turnout::log_control::set("console:warn");   // else the library says when it connects
  turnout::io::Loop loop;
  library::Idl idl(loop, argv[1]);
  idl.track(idl.books().schema());
  const std::string command = argv[2];
  if (command == "find") idl.monitor_where(idl.books().schema(), turnout::json::Json::array({false}));
  idl.start();
  if (!idl.wait_for_contents(std::chrono::seconds(10))) die("no answer from " + std::string(argv[1]));
  if (command == "fill") fill(idl);
  else if (command == "lend" && argc == 5) lend(idl, argv[3], argv[4]);
  else if (command == "watch" && argc == 4) watch(idl, std::atoi(argv[3]));
  else if (command == "find" && argc == 4) find(idl, argv[3]);
  else die("unknown command");
  return 0;
}
