"""The live half: processes, the stop machine, the loop; the only clock."""
