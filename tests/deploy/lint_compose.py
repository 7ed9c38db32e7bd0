"""Say what is wrong with a compose file, by the compose specification's own types; run where `compose-spec` is."""

import json
import sys
from pathlib import Path

import yaml
from compose_spec import PyCompose

found = PyCompose.from_json(json.dumps(yaml.safe_load(Path(sys.argv[1]).read_text())))
found.validate()
print(*sorted(found.service_names()))
