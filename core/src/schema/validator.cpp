#include "schema/validator.h"

#include "schema/compiled_schema.h"

namespace cartpilot::schema {

SchemaValidator::SchemaValidator(const Json& schema)
    : compiled_(std::make_unique<const CompiledSchema>(schema)) {}

SchemaValidator::~SchemaValidator() = default;
SchemaValidator::SchemaValidator(SchemaValidator&&) noexcept = default;
SchemaValidator& SchemaValidator::operator=(SchemaValidator&&) noexcept = default;

std::vector<Violation> SchemaValidator::validate(const Json& instance) const {
  return check_instance(*compiled_, instance);
}

void SchemaValidator::narrow_integers(Json& instance) const {
  narrow_instance(*compiled_, instance);
}

}  // namespace cartpilot::schema
