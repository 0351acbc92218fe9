#include "drawing.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include <fmt/format.h>

namespace cartpilot::bench {
namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 400;
constexpr double kLeft = 70;
constexpr double kTop = 40;
constexpr double kRight = 20;
constexpr double kBottom = 50;
constexpr const char* kColours[] = {"#1f6fb2", "#c2571a", "#3a8f3a", "#7a4fa3"};

/// A logarithmic axis over whole decades.
struct Axis {
  double low;
  double high;
  double from;
  double to;

  Axis(const std::vector<double>& values, double begin, double end) : from(begin), to(end) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    low = std::floor(std::log10(std::max(*least, 1e-9)));
    high = std::max(low + 1, std::ceil(std::log10(std::max(*most, 1e-9))));
  }
  double at(double value) const {
    return from + (std::log10(std::max(value, 1e-9)) - low) / (high - low) * (to - from);
  }
};

std::string number(double value) {
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

std::string drawn(const Curve& curve) {
  std::vector<double> ys;
  for (const auto& line : curve.lines) ys.insert(ys.end(), line.values.begin(), line.values.end());
  const Axis x(curve.x, kLeft, kWidth - kRight);
  const Axis y(ys, kHeight - kBottom, kTop);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{2}\" y=\"20\" font-size=\"14\">{3}</text>\n"
      "<text x=\"{4}\" y=\"{5}\" text-anchor=\"middle\">{6}</text>\n"
      "<text x=\"{2}\" y=\"35\">{7}</text>\n",
      kWidth, kHeight, kLeft, curve.title, kWidth / 2, kHeight - 10, curve.x_name, curve.y_name);
  for (double decade = x.low; decade <= x.high; ++decade) {
    const double value = std::pow(10, decade);
    svg += fmt::format(
        "<path d=\"M{0:.1f} {1}V{2}\" stroke=\"#ddd\"/><text x=\"{0:.1f}\" y=\"{3}\" "
        "text-anchor=\"middle\">{4}</text>\n",
        x.at(value), kTop, kHeight - kBottom, kHeight - kBottom + 16, number(value));
  }
  for (double decade = y.low; decade <= y.high; ++decade) {
    const double value = std::pow(10, decade);
    svg += fmt::format(
        "<path d=\"M{0} {1:.1f}H{2}\" stroke=\"#ddd\"/><text x=\"{3}\" y=\"{4:.1f}\" "
        "text-anchor=\"end\">{5}</text>\n",
        kLeft, y.at(value), kWidth - kRight, kLeft - 6, y.at(value) + 4, number(value));
  }
  for (std::size_t i = 0; i < curve.lines.size(); ++i) {
    const char* colour = kColours[i % std::size(kColours)];
    std::string points;
    for (std::size_t k = 0; k < curve.x.size(); ++k) {
      points += fmt::format("{:.1f},{:.1f} ", x.at(curve.x[k]), y.at(curve.lines[i].values[k]));
    }
    svg += fmt::format(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n"
        "<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n",
        points, colour, kLeft + 10, kTop + 16 * static_cast<double>(i + 1), colour,
        curve.lines[i].name);
  }
  return svg + "</svg>\n";
}

}  // namespace

void write_curve(const Curve& curve, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream csv(folder / (curve.name + ".csv"));
  csv << '"' << curve.x_name << '"';
  for (const auto& line : curve.lines) csv << ",\"" << line.name << ", " << curve.y_name << '"';
  csv << "\n";
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    csv << fmt::format("{:g}", curve.x[i]);
    for (const auto& line : curve.lines) csv << fmt::format(",{:.4g}", line.values[i]);
    csv << "\n";
  }
  std::ofstream(folder / (curve.name + ".svg")) << drawn(curve);
}

double last_exponent(const Curve& curve, const Curve::Line& line) {
  const std::size_t last = curve.x.size() - 1;
  return std::log(line.values[last] / line.values[last - 1]) /
         std::log(curve.x[last] / curve.x[last - 1]);
}

}  // namespace cartpilot::bench
