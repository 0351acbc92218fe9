#include "numbered_cases.h"

TEST(GeminiCases, every_number_is_one_test_and_one_row_of_the_documentation) {
  cartpilot::tests::expect_numbered_cases(CARTPILOT_PROVIDER_PAGE, 48, 54);
}
