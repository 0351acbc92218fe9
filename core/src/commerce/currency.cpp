#include "commerce/currency.h"

namespace cartpilot::commerce {
namespace {

struct Row {
  int decimals;
  std::string_view codes;  ///< three letters each, a blank between two
};

constexpr Row kRows[] = {
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
    {3, "BHD IQD JOD KWD LYD OMR TND"},
    {4, "CLF UYW"},
    {2,
     "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
     "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
     "GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP "
     "LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
     "NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
     "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW "
     "ZWG"},
};

}  // namespace

std::optional<int> decimals_of(std::string_view currency) {
  if (currency.size() != 3 || currency.find(' ') != std::string_view::npos) return std::nullopt;
  for (const Row& row : kRows) {
    for (std::size_t at = 0; at < row.codes.size(); at += 4) {
      if (row.codes.substr(at, 3) == currency) return row.decimals;
    }
  }
  return std::nullopt;
}

}  // namespace cartpilot::commerce
