#include "json_instances.h"

CARTPILOT_JSON_INSTANCES(template);
