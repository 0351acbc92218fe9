// A curve as a CSV file and as an SVG drawing, both axes logarithmic. Pure apart from the files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cartpilot::bench {

struct Curve {
  std::string name;    ///< file name without ending
  std::string title;   ///< what is measured
  std::string x_name;  ///< what grows
  std::string y_name;  ///< its cost, with the unit
  struct Line {
    std::string name;
    std::vector<double> values;  ///< one for each x
  };
  std::vector<double> x;
  std::vector<Line> lines;
};

/// Writes folder/NAME.csv and folder/NAME.svg.
void write_curve(const Curve& curve, const std::filesystem::path& folder);

/// Exponent of the growth between the last two points of a line: 0 flat, 1 linear, 2 quadratic.
double last_exponent(const Curve& curve, const Curve::Line& line);

}  // namespace cartpilot::bench
