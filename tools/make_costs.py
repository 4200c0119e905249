"""Write `workbench/ablation/costs.json`: what the shipped networks cost, counted on meta."""

import json

from workbench.ablation.cost_table import COSTS, shipped_networks
from workbench.models.complexity import count
from workbench.store.keys import model_hash

table = {model_hash(config): count(config).cost.plain() for config in shipped_networks()}
COSTS.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n", encoding="utf-8")
