"""Builders of tests: spaces."""

SPACE = """
question: Which small network is best?
base: tiny
dimensions:
  model.channels: {kind: integers, low: 4, high: 10}
  model.blocks: {kind: integers, low: 1, high: 2}
limits:
  parameters: 6000
"""


SMALL = (
    *("--set", "training.stages.0.steps=6", "--set", "training.stages.0.milestones=[]"),
    *("--set", "training.stages.0.hr_patch_px=60", "--set", "training.validate_every=3"),
)


GREEDY = """
question: What happens to networks that cannot be trained?
base: tiny
dimensions:
  training.stages.0.batch_size: {kind: choice, values: [2, 20000]}
  training.stages.0.learning_rate: {kind: choice, values: [0.002, 1.0e+30]}
"""
