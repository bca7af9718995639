// The lines of a golden file of this folder, without comments and empty lines.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

inline std::vector<std::string> golden_lines(const std::string& name) {
  std::ifstream file(std::string(TURNOUT_SOURCE_DIR) + "/tests/golden/flow/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}
