"""The scripted operator: hands on the leaders and feet on the pedals that do the kitchen's tasks by teleoperation."""

from drivers.sim.operator.operator import ScriptedOperator, UnknownScriptError, scripts

__all__ = ["ScriptedOperator", "UnknownScriptError", "scripts"]
